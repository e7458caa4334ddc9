//! Following a log as it grows.
//!
//! Who follows reads the stream. What he has not read yet may have been packed meanwhile, or before he came back: then it comes out of the
//! blocks first. He sees that by looking at the index after each read of the stream: entries that come before the first one of the
//! stream, and were not read, were in a block by then.

use std::collections::VecDeque;
use std::time::Duration;

use redis::Value;

use super::EntryId;
use super::entry::{LogEntry, RawEntry};
use super::range::Order;
use crate::handle::Listener;
use crate::scripts::Answer as _;
use crate::{Store, StoreError};
use domain::id::EndpointId;

/// The most entries that one read brings.
pub const MOST_READ: usize = 64;

/// How many entries of a block are held for those who take them; the rest is unpacked again.
const HELD: usize = 16 * MOST_READ;

/// Follows the log of one endpoint on a connection of its own, which costs Redis nothing while nothing happens. The caller
/// has checked whose endpoint it is.
#[derive(Debug)]
pub struct LogTail {
    store: Store,
    endpoint: EndpointId,
    listener: Listener,
    key: String,
    after: EntryId,
    /// Entries of a block that come next.
    packed: VecDeque<RawEntry>,
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
        let after = match after {
            Some(after) => after,
            None => self
                .end_of_log(endpoint, Order::NewestFirst, "+")
                .await?
                .unwrap_or_default(),
        };
        Ok(LogTail {
            store: self.clone(),
            endpoint: endpoint.clone(),
            listener: self.listener(),
            key: self.log_key(endpoint),
            after,
            packed: VecDeque::new(),
        })
    }

    /// Where an endpoint's log goes on, if entries between that place and `after` are gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn log_gap(
        &self,
        endpoint: &EndpointId,
        after: EntryId,
    ) -> Result<Option<EntryId>, StoreError> {
        let complete_since = self.log_complete_since(endpoint).await?;
        Ok(complete_since.filter(|since| after < *since))
    }

    /// The oldest or the newest entry, whichever stands at this end.
    pub(super) async fn end_of_log(
        &self,
        endpoint: &EndpointId,
        order: Order,
        end: &str,
    ) -> Result<Option<EntryId>, StoreError> {
        let found = self.read_log(endpoint, order, end, 1).await?;
        Ok(found.first().map(|entry| entry.id))
    }
}

impl LogTail {
    /// The entry behind which [`Self::next`] reads on.
    #[must_use]
    pub const fn position(&self) -> EntryId {
        self.after
    }

    /// The next entries, at most [`MOST_READ`]; none after `timeout`. A repeated call after an error loses nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<LogEntry>, StoreError> {
        let entries = if self.packed.is_empty() {
            let entries = self.next_of_stream(timeout).await?;
            // The newest entries are never packed.
            if let Some(first) = entries.first() {
                let (endpoint, after) = (&self.endpoint, self.after);
                self.packed = self.store.next_packed(endpoint, after, first.id, HELD).await?;
            }
            entries
        } else {
            Vec::new()
        };
        let entries: Vec<_> = if self.packed.is_empty() {
            entries
        } else {
            // Those of the stream are read again.
            self.packed.drain(..MOST_READ.min(self.packed.len())).collect()
        };
        if let Some(last) = entries.last() {
            self.after = last.id;
        }
        Ok(entries.into_iter().filter_map(RawEntry::known).collect())
    }

    async fn next_of_stream(&self, timeout: Duration) -> Result<Vec<RawEntry>, StoreError> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT")
            .arg(MOST_READ)
            .arg("BLOCK")
            .arg(timeout.as_millis().max(1).to_string());
        read.arg("STREAMS").arg(&self.key).arg(self.after.to_string());
        let answer: Value = self.listener.query(timeout, &read).await?;
        // {{key, entries}} or nothing.
        let streams = Option::<Vec<(String, Vec<RawEntry>)>>::read(answer)?;
        let stream = streams.and_then(|mut streams| streams.pop());
        Ok(stream.map(|(_key, entries)| entries).unwrap_or_default())
    }
}
