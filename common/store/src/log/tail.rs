//! Following a log as it grows.

use std::collections::HashMap;
use std::time::Duration;

use redis::Value;

use super::EntryId;
use super::entry::{LogEntry, entries};
use crate::decode::{array, integer, next, unexpected};
use crate::handle::Listener;
use crate::{Store, StoreError};
use domain::id::EndpointId;

/// The most entries that one call reads.
pub const MOST_READ: usize = 64;

/// Follows the log of one endpoint, on a connection of its own: it costs Redis nothing while nothing happens. Whose
/// endpoint it is has been checked before.
#[derive(Debug)]
pub struct LogTail {
    listener: Listener,
    key: String,
    after: EntryId,
}

impl Store {
    /// Follows an endpoint's log from `after` on; `None`: from what comes next.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn tail_log(
        &self,
        endpoint: &EndpointId,
        after: Option<EntryId>,
    ) -> Result<LogTail, StoreError> {
        let key = self.keys().key(&format!("log:{endpoint}"));
        let after = match after {
            Some(after) => after,
            None => self.newest_entry(&key).await?.unwrap_or_default(),
        };
        Ok(LogTail {
            listener: self.listener(),
            key,
            after,
        })
    }

    /// The oldest entry that an endpoint's log still has, if others between it and `after` were dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn log_gap(
        &self,
        endpoint: &EndpointId,
        after: EntryId,
    ) -> Result<Option<EntryId>, StoreError> {
        let key = self.keys().key(&format!("log:{endpoint}"));
        let oldest = self.end_entry(&key, "XRANGE", "-", "+").await?;
        let Some(oldest) = oldest.filter(|oldest| after < *oldest) else {
            return Ok(None);
        };
        let mut known: HashMap<String, Value> =
            self.query(redis::cmd("XINFO").arg("STREAM").arg(&key)).await?;
        let mut count = |name| integer(known.remove(name).ok_or_else(|| unexpected(name))?);
        let was_trimmed = count("entries-added")? > count("length")?;
        Ok(was_trimmed.then_some(oldest))
    }

    async fn newest_entry(&self, key: &str) -> Result<Option<EntryId>, StoreError> {
        self.end_entry(key, "XREVRANGE", "+", "-").await
    }

    async fn end_entry(
        &self,
        key: &str,
        command: &str,
        from: &str,
        to: &str,
    ) -> Result<Option<EntryId>, StoreError> {
        let mut range = redis::cmd(command);
        range.arg(key).arg(from).arg(to).arg("COUNT").arg(1);
        let found: Value = self
            .query(&range)
            .await
            .or_else(|error| error.unless_overwritten(Value::Array(Vec::new())))?;
        let Some(only) = array(found)?.into_iter().next() else {
            return Ok(None);
        };
        let place = next(&mut array(only)?.into_iter())?;
        crate::decode::parsed(place).map(Some)
    }
}

impl LogTail {
    /// Where it is: [`Self::next`] reads what comes after this.
    #[must_use]
    pub const fn position(&self) -> EntryId {
        self.after
    }

    /// The entries that come next, at most [`MOST_READ`]; none after `timeout`. Repeating it after an error loses nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<LogEntry>, StoreError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT")
            .arg(MOST_READ)
            .arg("BLOCK")
            .arg(timeout.as_millis().max(1).to_string());
        read.arg("STREAMS").arg(&self.key).arg(self.after.to_string());
        let answer: Value = self.listener.query(timeout, &read).await?;
        // {{key, entries}} or nothing.
        let found = match answer {
            Value::Nil => return Ok(Vec::new()),
            streams => {
                let stream = next(&mut array(streams)?.into_iter())?;
                array(stream)?
                    .into_iter()
                    .nth(1)
                    .unwrap_or(Value::Array(Vec::new()))
            }
        };
        let raw = array(found)?;
        if let Some(last) = raw.last() {
            let place = next(&mut array(last.clone())?.into_iter())?;
            self.after = crate::decode::parsed(place)?;
        }
        entries(Value::Array(raw))
    }
}
