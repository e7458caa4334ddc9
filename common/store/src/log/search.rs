//! Finding the log entry of a delivery that nothing else points to.

use super::range::Order;
use super::{EntryId, LogEntry, LoggedAttempt};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId};

/// Entries that one command reads.
const STEP: usize = 250;

/// Entries older than the delivery that are looked at, in case the clocks differ by more than is expected.
const OLDER: usize = 2000;

/// Clocks of the API and of Redis may differ: if only the API's time of its acceptance is known, the search begins this much before.
const CLOCKS_DIFFER_MS: u64 = 60_000;

/// Redis's clock may have been set back since the acceptance: then the end is sought from this much before on.
const SET_BACK_MS: u64 = 3_600_000;

/// When an event has finished is known to this (ms).
const KNOWN_TO_MS: u64 = 1000;

/// How often blocks are searched on.
const ROUNDS: usize = 6;

/// What is known of the time of an entry, by Redis's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought {
    /// When its event was accepted (ms): not before that.
    pub(super) accepted_at: Option<u64>,
    /// When its event had finished: not after that, and mostly just before.
    pub(super) finished_by: Option<Timestamp>,
}

impl Store {
    /// The attempts of a delivery to which no record points: the only one, or, if it was canceled, its first one and how it ended, if that is
    /// among the newest entries.
    pub(super) async fn attempts_in_log(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        sought: Sought,
    ) -> Result<Vec<LoggedAttempt>, StoreError> {
        let found = self.find_in_log(endpoint, id, sought).await?;
        let mut attempts: Vec<_> = found.into_iter().collect();
        let is_end =
            |attempt: &LoggedAttempt| attempt.is_given_up() || attempt.outcome == DeliveryState::Succeeded;
        if attempts.iter().any(|attempt| !is_end(attempt)) {
            let newest = self.search_log(endpoint, id, Order::NewestFirst, "+".to_owned(), EntryId::MAX);
            attempts.extend(newest.await?.filter(is_end));
        }
        Ok(attempts)
    }

    /// The entry of a delivery that has only one. Reads on from its acceptance, where it most likely is, up to where its event was
    /// finished; then what is older, in case the clocks differ by more. Bounded by the stream's length and some blocks.
    async fn find_in_log(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        sought: Sought,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        let by_id = id.event().time().as_millis().saturating_sub(CLOCKS_DIFFER_MS);
        let start = EntryId::at(time_at(sought.accepted_at.unwrap_or(by_id)));
        // Its last millisecond counts.
        let at_end = |until: Timestamp| EntryId::at(time_at(until.as_millis() + 1));
        let until = sought.finished_by.map_or(EntryId::MAX, at_end);
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
        if let Some(finished) = sought.finished_by {
            let end = EntryId::at(time_at(finished.as_millis().saturating_sub(KNOWN_TO_MS)));
            let (found, _) = self
                .search_blocks(endpoint, id, end.max(start).just_before(), until)
                .await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let found = self.search_on(endpoint, id, searched, until).await?;
        if found.is_some() {
            return Ok(found);
        }
        let set_back = sought.accepted_at.unwrap_or(by_id).saturating_sub(SET_BACK_MS);
        let searched = EntryId::at(time_at(set_back));
        let found = self.search_on(endpoint, id, searched, start).await?;
        if found.is_some() {
            return Ok(found);
        }
        self.search_log(endpoint, id, Order::NewestFirst, start.before(), until)
            .await
    }

    /// Searches some more blocks.
    async fn search_on(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        mut searched: EntryId,
        until: EntryId,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        for _ in 0..ROUNDS {
            let (found, next) = self.search_blocks(endpoint, id, searched, until).await?;
            if found.is_some() {
                return Ok(found);
            }
            if next == searched {
                break;
            }
            searched = next;
        }
        Ok(None)
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
