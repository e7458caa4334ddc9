//! Finding the log entry of a delivery that nothing else points to.

use super::range::Order;
use super::{EntryId, LogEntry, LoggedAttempt};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId};

/// Entries that one command reads.
const STEP: usize = 100;

/// Clocks of the API and of Redis may differ: the search begins this much before the delivery's acceptance.
const CLOCKS_DIFFER_MS: u64 = 60_000;

impl Store {
    /// The entry of a delivery that has only one. Reads on from its acceptance, where it most likely is; then what is
    /// older, in case the clocks differ by more. Bounded by the log's length.
    pub(super) async fn find_in_log(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        let accepted = id.event().time().as_millis().saturating_sub(CLOCKS_DIFFER_MS);
        let start = i64::try_from(accepted)
            .ok()
            .and_then(Timestamp::from_millis)
            .unwrap_or_default();
        let start = EntryId::at(start);
        let later = self.search_log(endpoint, id, Order::OldestFirst, start.to_string());
        if let Some(found) = later.await? {
            return Ok(Some(found));
        }
        self.search_log(endpoint, id, Order::NewestFirst, start.before())
            .await
    }

    async fn search_log(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        order: Order,
        mut start: String,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        loop {
            let read = self.read_log(endpoint, order, &start, STEP).await?;
            let last = read.last().map(|entry| entry.id).filter(|_| read.len() == STEP);
            let mut attempts = read
                .into_iter()
                .filter_map(|entry| entry.known().and_then(LogEntry::into_attempt));
            if let Some(found) = attempts.find(|attempt| attempt.delivery == *id) {
                return Ok(Some(found));
            }
            let Some(last) = last else {
                return Ok(None);
            };
            start = format!("({last}");
        }
    }
}
