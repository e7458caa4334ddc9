//! Following a log as it grows.

use std::time::Duration;

use redis::Value;

use super::EntryId;
use super::entry::{LogEntry, entries};
use crate::id::EndpointId;
use crate::store::connection::Listener;
use crate::store::decode::{array, next};
use crate::store::{Store, StoreError};

/// Entries that one call reads.
const MOST: usize = 64;

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

    /// The oldest entry that an endpoint's log still has.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn oldest_entry(&self, endpoint: &EndpointId) -> Result<Option<EntryId>, StoreError> {
        let key = self.keys().key(&format!("log:{endpoint}"));
        self.end_entry(&key, "XRANGE", "-", "+").await
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
        let range = &range;
        let found: Value = self
            .repeatable(|mut connection| async move { range.query_async(&mut connection).await })
            .await?;
        let Some(only) = array(found)?.into_iter().next() else {
            return Ok(None);
        };
        let place = next(&mut array(only)?.into_iter())?;
        crate::store::decode::parsed(place).map(Some)
    }
}

impl LogTail {
    /// The entries that come next, at most 64; none after `timeout`. Repeating it after an error loses nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<LogEntry>, StoreError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT")
            .arg(MOST)
            .arg("BLOCK")
            .arg(timeout.as_millis().max(1).to_string());
        read.arg("STREAMS").arg(&self.key).arg(self.after.to_string());
        let read = &read;
        let answer: Value = self
            .listener
            .blocking(timeout, |mut connection| async move {
                read.query_async(&mut connection).await
            })
            .await?;
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
            self.after = crate::store::decode::parsed(place)?;
        }
        entries(Value::Array(raw))
    }
}
