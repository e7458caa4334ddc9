//! Pages of a listing from the queue: deliveries that the log doesn't have yet, or no longer.

use std::collections::HashMap;

use redis::{Cmd, Value};

use super::listing::Logged;
use super::{
    DeliverySummary, EndpointStanding, EntryId, ListPage, ListPosition, ListStatus, Listing, LogEntry,
    MOST_LOOKED_AT, RawEntry, Record, STEP, Source,
};
use crate::scripts::{Answer, Argument, Legible, script};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId};

script! {
    /// Deliveries in one source: the endpoint, what was found, and whether the place is still there that it was to be behind.
    "log_waiting": AllowOom, Reads, needs [OWNER, VIEW, HERE];
    struct LogWaiting<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        source: Source,
        after: &'a str,
        most: usize
    } -> Option<(EndpointStanding, Vec<Found>, bool)>
}

/// A delivery that was found.
pub(crate) struct Found {
    /// As it stands there: its id, and in a pending list how many attempts were made.
    entry: String,
    record: Record,
    /// The type of its event; empty if that is not kept.
    event: String,
    /// When it was given up, if it was.
    given_up_at: Legible<Timestamp>,
    /// Its newest entry in the log, if that is kept.
    newest: Option<RawEntry>,
    /// Whether that is in a block.
    is_packed: bool,
}

impl Answer for Found {
    fn read(value: Value) -> Result<Self, StoreError> {
        let (entry, record, event, given_up_at, newest) = Answer::read(value)?;
        Ok(Self {
            entry,
            record,
            event,
            given_up_at,
            newest,
            is_packed: false,
        })
    }
}

impl Argument for Source {
    fn write(&self, command: &mut Cmd) {
        self.as_str().write(command);
    }
}

impl Store {
    /// A page from one source, from behind `after` on. Parked deliveries stand in two, one behind the other.
    pub(super) async fn page_from_queue(
        &self,
        listing: &Listing<'_>,
        mut source: Source,
        after: &str,
        logged: Logged,
    ) -> Result<Option<ListPage>, StoreError> {
        let status = listing.filter.status;
        let mut page = ListPage::default();
        let mut after = after.to_owned();
        let mut looked_at = 0;
        loop {
            let waiting = LogWaiting {
                endpoint: listing.endpoint,
                account: listing.account,
                source,
                after: &after,
                most: STEP.min(MOST_LOOKED_AT - looked_at),
            };
            let Some((endpoint, mut found, is_there)) = self.call(&waiting).await? else {
                return Ok(None);
            };
            page.has_gap |= !is_there;
            self.look_into_blocks(listing.endpoint, logged, &mut found)
                .await?;
            let read = found.len();
            for found in found {
                after.clone_from(&found.entry);
                page.deliveries
                    .extend(found.listed(source, listing, &endpoint, logged));
                if page.deliveries.len() == listing.limit {
                    page.next = (!source.is_read_at_once()).then_some(ListPosition::In { source, after });
                    return Ok(Some(page));
                }
            }
            looked_at += read;
            if read < STEP && source == Source::Pending && status == Some(ListStatus::Parked) {
                (source, after) = (Source::Retry, String::new());
            } else if read < STEP || source.is_read_at_once() {
                return Ok(Some(page));
            }
            if looked_at >= MOST_LOOKED_AT {
                page.next = Some(ListPosition::In { source, after });
                return Ok(Some(page));
            }
        }
    }
}

impl Store {
    /// Finds the newest entries of these deliveries that were packed. If those that the log has are left out, it only matters that they are
    /// there.
    async fn look_into_blocks(
        &self,
        endpoint: &EndpointId,
        logged: Logged,
        found: &mut [Found],
    ) -> Result<(), StoreError> {
        let missing: Vec<EntryId> = found
            .iter()
            .filter(|found| found.newest.is_none())
            .filter_map(|found| found.record.entries.iter().max().copied())
            .collect();
        let mut packed: HashMap<EntryId, Option<RawEntry>> = HashMap::new();
        if logged == Logged::Not {
            let blocks = self.blocks_of(endpoint, &missing).await?;
            packed.extend(blocks.into_iter().flat_map(|(_, ids)| ids).map(|id| (id, None)));
        } else {
            let entries = self.packed_entries(endpoint, &missing).await?;
            packed.extend(entries.into_iter().map(|entry| (entry.id, Some(entry))));
        }
        for found in found {
            let newest = found.record.entries.iter().max();
            if let Some(entry) = newest.and_then(|newest| packed.remove(newest)) {
                found.is_packed = true;
                found.newest = entry;
            }
        }
        Ok(())
    }
}

impl Found {
    /// The delivery, if the listing wants it.
    fn listed(
        self,
        source: Source,
        listing: &Listing<'_>,
        endpoint: &EndpointStanding,
        logged: Logged,
    ) -> Option<DeliverySummary> {
        let filter = listing.filter;
        let is_retry = filter.status == Some(ListStatus::Retrying);
        let newest = self.newest.and_then(RawEntry::known);
        if logged == Logged::Not && (newest.is_some() || self.is_packed) {
            // The pages from the log have it.
            return None;
        }
        let attempted_at = self.record.entries.iter().max().map(|newest| newest.time());
        let time = match source {
            Source::Failed => self.given_up_at.0,
            Source::Retry if is_retry => attempted_at,
            _ => None,
        };
        let id: DeliveryId = self.entry.split(':').next()?.parse().ok()?;
        let last = newest.and_then(LogEntry::into_attempt);
        let mut delivery = self.record.summary(id, last, endpoint);
        if delivery.event.is_empty() {
            delivery.event = self.event;
        }
        let is_within = filter.spans(time.unwrap_or_else(|| delivery.id.event().time()));
        (is_within && filter.lets_through(&delivery)).then_some(delivery)
    }
}
