//! Pages of a listing from the queue: deliveries that the log doesn't have yet, or no longer.

use redis::Value;

use super::entry::entries;
use super::listing::{MOST_LOOKED_AT, STEP};
use super::{DeliverySummary, ListPage, ListPosition, ListStatus, Listing, LogEntry, Record, Source};
use crate::decode::{array, next, text};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::DeliveryId;

/// A piece of one source.
struct Piece {
    is_active: bool,
    found: Vec<Found>,
}

/// A delivery that was found there.
struct Found {
    /// As it stands there: its id, and in a pending list how many attempts were made.
    entry: String,
    record: Record,
    /// The type of its event, if that is kept.
    event: String,
    /// When it was given up, if it was.
    given_up_at: Option<Timestamp>,
    /// Its newest entry in the log, if that is kept.
    newest: Option<LogEntry>,
}

impl Store {
    /// A page from one source, from behind `after` on. Parked deliveries stand in two, one behind the other.
    pub(super) async fn page_from_queue(
        &self,
        listing: &Listing<'_>,
        mut source: Source,
        after: &str,
    ) -> Result<Option<ListPage>, StoreError> {
        let status = listing.filter.status;
        let mut page = ListPage::default();
        let mut after = after.to_owned();
        let mut looked_at = 0;
        loop {
            let most = STEP.min(MOST_LOOKED_AT - looked_at);
            let Some(piece) = self.piece_of_queue(listing, source, &after, most).await? else {
                return Ok(None);
            };
            let read = piece.found.len();
            for found in piece.found {
                after.clone_from(&found.entry);
                page.deliveries
                    .extend(found.listed(source, listing, piece.is_active));
                if page.deliveries.len() == listing.limit {
                    page.next = (source != Source::Leases).then_some(ListPosition::In { source, after });
                    return Ok(Some(page));
                }
            }
            looked_at += read;
            if read < STEP && source == Source::Pending && status == Some(ListStatus::Parked) {
                (source, after) = (Source::Retry, String::new());
            } else if read < STEP || source == Source::Leases {
                return Ok(Some(page));
            }
            if looked_at >= MOST_LOOKED_AT {
                page.next = Some(ListPosition::In { source, after });
                return Ok(Some(page));
            }
        }
    }

    async fn piece_of_queue(
        &self,
        listing: &Listing<'_>,
        source: Source,
        after: &str,
        most: usize,
    ) -> Result<Option<Piece>, StoreError> {
        let most = most.to_string();
        let arguments = [
            listing.endpoint.as_str(),
            listing.account.as_str(),
            source.as_str(),
            after,
            &most,
        ];
        let mut answer = array(self.run(&self.scripts().log_waiting, &arguments).await?)?.into_iter();
        let Some(state) = answer.next() else {
            return Ok(None);
        };
        let mut piece = Piece {
            is_active: text(state)? == "active",
            found: Vec::with_capacity(answer.len()),
        };
        for value in answer {
            let mut parts = array(value)?.into_iter();
            piece.found.push(Found {
                entry: text(next(&mut parts)?)?,
                record: Record::read(next(&mut parts)?)?,
                event: text(next(&mut parts)?)?,
                given_up_at: text(next(&mut parts)?)?
                    .parse()
                    .ok()
                    .and_then(Timestamp::from_millis),
                newest: entries(Value::Array(parts.collect()))?.pop(),
            });
        }
        Ok(Some(piece))
    }
}

impl Found {
    /// The delivery, if the listing wants it.
    fn listed(self, source: Source, listing: &Listing<'_>, is_active: bool) -> Option<DeliverySummary> {
        let filter = listing.filter;
        let is_retry = filter.status == Some(ListStatus::Retrying);
        if is_retry && self.newest.is_some() {
            // The pages from the log have it.
            return None;
        }
        let attempted_at = self.record.entries.iter().max().map(|newest| newest.time());
        let time = match source {
            Source::Failed => self.given_up_at,
            Source::Retry if is_retry => attempted_at,
            _ => None,
        };
        let delivery = self.summary(is_active)?;
        let is_within = filter.spans(time.unwrap_or_else(|| delivery.id.event().time()));
        (is_within && filter.lets_through(&delivery)).then_some(delivery)
    }

    fn summary(self, is_active: bool) -> Option<DeliverySummary> {
        let id: DeliveryId = self.entry.split(':').next()?.parse().ok()?;
        let last = self.newest.and_then(LogEntry::into_attempt);
        let mut summary = self.record.summary(id, last, is_active);
        if summary.event.is_empty() {
            summary.event = self.event;
        }
        Some(summary)
    }
}
