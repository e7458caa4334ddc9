//! Pages of a listing from what was packed of the log.
//!
//! No entry is missed or listed twice while workers pack. An entry is in the stream or in a block, and gets from the one into the other in
//! one step, the oldest first. A page reads the stream to its end, and the index of blocks afterwards. Entries that it has not met
//! by then are older than all that the stream had, so they were in blocks already, and are there still; what was packed since
//! then is in both, but not older than the last entry that the page has met, from which it goes on. The same goes for the next
//! page, which begins at that entry, wherever that is by then. What goes from the end of the history (see `since`) isn't listed.

use super::logged::{Filling, Wants};
use super::range::Order;
use super::{EntryId, ListFilter, ListPage, ListStatus, RawEntry, Record, Within};
use super::{MOST_LOOKED_AT, STEP};
use crate::scripts::script;
use crate::{Store, StoreError};
use domain::delivery::DeliveryState;
use domain::id::DeliveryId;
use history::LogDescriptor;

/// The most blocks that a page passes over by what their descriptors say, and the most that it unpacks (a few milliseconds each).
const MOST_PASSED: usize = 256;
const MOST_UNPACKED: usize = 4;

script! {
    /// The records of deliveries.
    "log_records": AllowOom, Reads, needs [VIEW];
    struct LogRecords<'a> { ; each delivery: &'a [DeliveryId] } -> Vec<Record>
}

impl Store {
    /// Fills a page whose stream was read to its end.
    pub(super) async fn fill_from_blocks(&self, filling: &mut Filling<'_>) -> Result<ListPage, StoreError> {
        let (endpoint, filter) = (filling.listing.endpoint, filling.listing.filter);
        let since = filter.since.map_or(0, |since| since.as_millis());
        let blocks = self
            .log_blocks_before(endpoint, filling.after.into(), since, MOST_PASSED)
            .await?;
        let (mut unpacked, is_all) = (0, blocks.len() < MOST_PASSED);
        for block in &blocks {
            if filling.is_full() || unpacked == MOST_UNPACKED || filling.looked_at >= MOST_LOOKED_AT {
                return Ok(filling.pause());
            }
            let (first, last): (EntryId, EntryId) = (block.first.into(), block.last.into());
            let before = filling.after;
            filling.meet(last.min(before));
            if filter.may_find_in(block) {
                unpacked += 1;
                match self.fill_from_block(filling, block, before).await? {
                    Wants::Ended => return Ok(filling.end()),
                    Wants::Full if filling.after != first => return Ok(filling.pause()),
                    Wants::Full | Wants::More => {}
                }
            }
            filling.pass(first);
        }
        Ok(if is_all { filling.end() } else { filling.pause() })
    }

    /// Fills a page from the entries of one block that stand before a place.
    async fn fill_from_block(
        &self,
        filling: &mut Filling<'_>,
        block: &LogDescriptor,
        before: EntryId,
    ) -> Result<Wants, StoreError> {
        let filter = filling.listing.filter.clone();
        let within = Within {
            before,
            order: Order::NewestFirst,
            most: MOST_LOOKED_AT,
            ..Within::ALL
        };
        let is_wanted = move |entry: &RawEntry| filter.may_show(entry);
        let Some(entries) = self.entries_of_block(block, within, is_wanted).await? else {
            return Ok(Wants::More);
        };
        let mut wanted = entries.into_iter();
        loop {
            let mut some: Vec<_> = wanted.by_ref().take(STEP).collect();
            if some.is_empty() {
                return Ok(Wants::More);
            }
            let attempts = some.iter().filter_map(RawEntry::attempt);
            let deliveries: Vec<_> = attempts.map(|attempt| attempt.delivery.clone()).collect();
            let mut records = self
                .call(&LogRecords {
                    delivery: &deliveries,
                })
                .await?
                .into_iter();
            filling.looked_at += some.len();
            for entry in some.drain(..) {
                let record = entry.attempt().and_then(|_| records.next());
                let wants = filling.take(entry, record.unwrap_or_default());
                if wants != Wants::More {
                    return Ok(wants);
                }
            }
            if filling.looked_at >= MOST_LOOKED_AT {
                return Ok(Wants::Full);
            }
        }
    }
}

impl ListFilter {
    /// Whether a block may have something that is listed.
    fn may_find_in(&self, block: &LogDescriptor) -> bool {
        let has = |wanted: &[&str]| {
            let mut outcomes = block.outcomes.iter();
            outcomes.any(|(outcome, count)| *count > 0 && wanted.contains(&outcome.as_str()))
        };
        let may_have_event = |event: &String| block.kinds.as_ref().is_none_or(|kinds| kinds.contains(event));
        self.event.as_ref().is_none_or(may_have_event)
            && match self.status {
                // What failed when the listing began may have succeeded since.
                Some(ListStatus::Succeeded) => has(&["succeeded", "retrying", "held"]),
                Some(ListStatus::Retrying) => has(&["retrying", "held"]),
                _ => has(&["succeeded", "retrying", "held", "exhausted", "canceled"]),
            }
    }

    /// Whether an entry may stand for a delivery that is listed, whatever the delivery's record says.
    fn may_show(&self, entry: &RawEntry) -> bool {
        if self.since.is_some_and(|since| entry.id < EntryId::at(since)) {
            // It ends the listing.
            return true;
        }
        let Some(attempt) = entry.attempt() else {
            return false;
        };
        let may_be = match self.status {
            Some(ListStatus::Succeeded) => !attempt.is_given_up(),
            Some(ListStatus::Retrying) => attempt.outcome == DeliveryState::Retrying || attempt.is_held(),
            _ => true,
        };
        may_be
            && !(attempt.is_test && self.status.is_some())
            && self.event.as_ref().is_none_or(|event| *event == attempt.event)
    }
}
