//! Finding the log entry of a delivery that nothing else points to.

use super::range::Order;
use super::{EntryId, LogEntry, LoggedAttempt};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId};

/// Entries that one command reads.
const STEP: usize = 250;

/// Entries older than the delivery that are looked at, in case the clocks differ by more than is expected.
const OLDER: usize = 2000;

/// Clocks of the API and of Redis may differ: the search begins this much before the delivery's acceptance.
const CLOCKS_DIFFER_MS: u64 = 60_000;

impl Store {
    /// The entry of a delivery that has only one. Reads on from its acceptance, where it most likely is, up to `until`, when its event was
    /// finished; then what is older, in case the clocks differ by more. Bounded by the stream's length and a few blocks.
    pub(super) async fn find_in_log(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        until: Option<Timestamp>,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        let accepted = id.event().time().as_millis().saturating_sub(CLOCKS_DIFFER_MS);
        let start = EntryId::at(time_at(accepted));
        // Its last millisecond counts.
        let until = until.map_or(EntryId::MAX, |until| EntryId::at(time_at(until.as_millis() + 1)));
        // What is packed meanwhile is in neither if the stream is read last, so the blocks are looked at once more.
        let (found, searched) = self
            .search_blocks(endpoint, id, start.just_before(), until)
            .await?;
        if found.is_some() {
            return Ok(found);
        }
        let later = self.search_log(endpoint, id, Order::OldestFirst, start.to_string(), until);
        if let Some(found) = later.await? {
            return Ok(Some(found));
        }
        let (found, _) = self.search_blocks(endpoint, id, searched, until).await?;
        if found.is_some() {
            return Ok(found);
        }
        self.search_log(endpoint, id, Order::NewestFirst, start.before(), until)
            .await
    }

    async fn search_log(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        order: Order,
        mut start: String,
        until: EntryId,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        let mut looked_at = 0;
        loop {
            let read = self.read_log(endpoint, order, &start, STEP).await?;
            looked_at += read.len();
            let last = read.last().map(|entry| entry.id).filter(|_| read.len() == STEP);
            let mut attempts = read
                .into_iter()
                .filter_map(|entry| entry.known().and_then(LogEntry::into_attempt));
            if let Some(found) = attempts.find(|attempt| attempt.delivery == *id) {
                return Ok(Some(found));
            }
            let goes_on = |last: &EntryId| match order {
                Order::OldestFirst => *last <= until,
                Order::NewestFirst => looked_at < OLDER,
            };
            let Some(last) = last.filter(goes_on) else {
                return Ok(None);
            };
            start = format!("({last}");
        }
    }
}

fn time_at(ms: u64) -> Timestamp {
    i64::try_from(ms)
        .ok()
        .and_then(Timestamp::from_millis)
        .unwrap_or_default()
}
