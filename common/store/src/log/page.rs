//! A listing of deliveries, page by page, newest first.
//!
//! Each delivery is shown once, at its newest log entry. Attempts that are logged while somebody pages would move
//! deliveries up and out of the pages to come, so the first page fixes a *bound*, and all pages show the log as it was
//! then: an entry stands for its delivery unless the delivery has a later one within the bound. Nothing is repeated and
//! nothing is skipped because something arrived.
//!
//! Deliveries that wait for their turn are not in the log; neither are, after a while, those that were given up long ago.
//! Listings by those states read the queue, or the set of failed deliveries, instead. A listing of those that wait for a
//! retry reads the log first, and then from the queue what the log has dropped.

use std::fmt;
use std::str::FromStr;

use redis::Value;

use super::entry::entries;
use super::{DeliverySummary, EntryId, Line, LogContent, Record};
use crate::decode::{array, next, text};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::{AccountId, EndpointId};

/// Entries that one call of the script reads: a few hundred microseconds of Redis's time.
pub(super) const STEP: usize = 100;

/// Entries that one page looks at: a few milliseconds of Redis's time. With a filter that few deliveries pass, a page may be
/// short and have a successor.
pub(super) const MOST_LOOKED_AT: usize = 400;

/// A state that can be listed. Deliveries that were canceled leave only their number in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListStatus {
    /// Waits for its turn.
    Pending,
    /// A worker holds a lease on it.
    InFlight,
    /// Waits for the time of its next attempt.
    Retrying,
    /// Waits because its endpoint is not active.
    Parked,
    /// A receiver answered 2xx in time.
    Succeeded,
    /// Its last attempt failed, or it was given up.
    Exhausted,
}

/// Which deliveries are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// In this state; `None`: those that were attempted or given up, in any state.
    pub status: Option<ListStatus>,
    /// With an event of this type.
    pub event: Option<String>,
    /// From this time on: of the newest entry in the log, or of the acceptance of what waits.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// Where a page ends and the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListPosition {
    /// In the log, as it was up to `bound`.
    Log {
        /// The last entry that was looked at.
        after: EntryId,
        /// The newest entry when the first page was read.
        bound: EntryId,
    },
    /// In a line of deliveries: the last entry that was read, if there was one.
    Line(Line, String),
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position in a listing")]
pub struct InvalidListPosition;

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The deliveries, newest first.
    pub deliveries: Vec<DeliverySummary>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<ListPosition>,
}

impl fmt::Display for ListPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log { after, bound } => write!(formatter, "log {after} {bound}"),
            Self::Line(line, last) => write!(formatter, "{} {last}", line.as_str()),
        }
    }
}

impl FromStr for ListPosition {
    type Err = InvalidListPosition;

    fn from_str(text: &str) -> Result<Self, InvalidListPosition> {
        let parts: Vec<_> = text.split(' ').collect();
        let place = |text: &str| text.parse().map_err(|_| InvalidListPosition);
        match parts.as_slice() {
            ["log", after, bound] => Ok(Self::Log {
                after: place(after)?,
                bound: place(bound)?,
            }),
            [line, last] => {
                let line = Line::ALL.into_iter().find(|known| known.as_str() == *line);
                Ok(Self::Line(line.ok_or(InvalidListPosition)?, (*last).to_owned()))
            }
            _ => Err(InvalidListPosition),
        }
    }
}

impl ListStatus {
    /// Every state that can be listed.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::InFlight,
        Self::Retrying,
        Self::Parked,
        Self::Succeeded,
        Self::Exhausted,
    ];

    /// The delivery's state.
    #[must_use]
    pub const fn state(self) -> DeliveryState {
        match self {
            Self::Pending => DeliveryState::Pending,
            Self::InFlight => DeliveryState::InFlight,
            Self::Retrying => DeliveryState::Retrying,
            Self::Parked => DeliveryState::Parked,
            Self::Succeeded => DeliveryState::Succeeded,
            Self::Exhausted => DeliveryState::Exhausted,
        }
    }

    /// The line that deliveries in this state stand in; `None`: the log.
    const fn line(self) -> Option<Line> {
        match self {
            // Those that waited for a retry when the endpoint was switched off follow.
            Self::Pending | Self::Parked => Some(Line::Pending),
            Self::InFlight => Some(Line::Leases),
            Self::Exhausted => Some(Line::Failed),
            Self::Retrying | Self::Succeeded => None,
        }
    }
}

/// A piece of the log as the script answers it: each entry with the record of its delivery.
struct Piece {
    is_active: bool,
    entries: Vec<(super::LogEntry, Record)>,
    /// How many the script read, those that say nothing included.
    read: usize,
    first: Option<EntryId>,
    last: Option<EntryId>,
}

impl Store {
    /// A page of an endpoint's deliveries, from `position` on; `None` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn list_deliveries(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        filter: &ListFilter,
        position: Option<&ListPosition>,
        limit: usize,
    ) -> Result<Option<ListPage>, StoreError> {
        let line = match position {
            Some(ListPosition::Line(line, last)) => Some((*line, last.as_str())),
            Some(ListPosition::Log { .. }) => None,
            None => filter.status.and_then(ListStatus::line).map(|line| (line, "")),
        };
        if let Some(line) = line {
            return self.line_page(account, endpoint, filter, line, limit).await;
        }
        let page = self.log_page(account, endpoint, filter, position, limit).await?;
        match page {
            Some(page) if page.next.is_none() && filter.status == Some(ListStatus::Retrying) => {
                self.with_unlogged(account, endpoint, filter, page, limit).await
            }
            page => Ok(page),
        }
    }

    /// The last page of the log, and behind it those whose attempts are all so old that the log has dropped them.
    async fn with_unlogged(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        filter: &ListFilter,
        mut page: ListPage,
        limit: usize,
    ) -> Result<Option<ListPage>, StoreError> {
        let room = limit.saturating_sub(page.deliveries.len());
        if room == 0 {
            page.next = Some(ListPosition::Line(Line::Retry, String::new()));
            return Ok(Some(page));
        }
        let line = (Line::Retry, "");
        let Some(rest) = self.line_page(account, endpoint, filter, line, room).await? else {
            return Ok(None);
        };
        page.deliveries.extend(rest.deliveries);
        page.next = rest.next;
        Ok(Some(page))
    }

    async fn log_page(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        filter: &ListFilter,
        position: Option<&ListPosition>,
        limit: usize,
    ) -> Result<Option<ListPage>, StoreError> {
        let mut page = ListPage::default();
        let (mut from, mut bound) = match position {
            Some(ListPosition::Log { after, bound }) => (format!("({after}"), Some(*bound)),
            _ => (
                filter
                    .until
                    .map_or_else(|| "+".to_owned(), |until| EntryId::at(until).before()),
                None,
            ),
        };
        let mut looked_at = 0;
        loop {
            let Some(piece) = self.log_piece(account, endpoint, &from).await? else {
                return Ok(None);
            };
            let at_end = piece.read < STEP;
            looked_at += piece.read;
            let last_read = piece.last;
            let within = *bound.get_or_insert(piece.first.unwrap_or_default());
            for (entry, record) in piece.entries {
                if filter.since.is_some_and(|since| entry.id < EntryId::at(since)) {
                    return Ok(Some(page));
                }
                let id = entry.id;
                page.deliveries.extend(
                    shown(entry, record, piece.is_active, within)
                        .filter(|delivery| filter.lets_through(delivery)),
                );
                if page.deliveries.len() == limit {
                    page.next = (!at_end || last_read != Some(id)).then_some(ListPosition::Log {
                        after: id,
                        bound: within,
                    });
                    return Ok(Some(page));
                }
            }
            let Some(after) = last_read.filter(|_| !at_end) else {
                return Ok(Some(page));
            };
            if looked_at >= MOST_LOOKED_AT {
                page.next = Some(ListPosition::Log { after, bound: within });
                return Ok(Some(page));
            }
            from = format!("({after}");
        }
    }

    async fn log_piece(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        from: &str,
    ) -> Result<Option<Piece>, StoreError> {
        let step = STEP.to_string();
        let arguments = [endpoint.as_str(), account.as_str(), from, &step];
        let mut answer = array(self.run(&self.scripts().log_page, &arguments).await?)?.into_iter();
        let Some(state) = answer.next() else {
            return Ok(None);
        };
        let mut piece = Piece {
            is_active: text(state)? == "active",
            entries: Vec::new(),
            read: answer.len(),
            first: None,
            last: None,
        };
        for value in answer {
            let mut parts = array(value)?.into_iter();
            let (id, fields) = (next(&mut parts)?, next(&mut parts)?);
            piece.last = text(id.clone())?.parse().ok();
            piece.first = piece.first.or(piece.last);
            let record = Record::read(next(&mut parts)?)?;
            let entry = entries(Value::Array(vec![Value::Array(vec![id, fields])]))?.pop();
            piece.entries.extend(entry.map(|entry| (entry, record)));
        }
        Ok(Some(piece))
    }
}

/// The delivery that an entry stands for, unless it has a later entry within the bound.
fn shown(entry: super::LogEntry, record: Record, is_active: bool, bound: EntryId) -> Option<DeliverySummary> {
    let LogContent::Attempt(attempt) = entry.content else {
        return None;
    };
    if attempt.outcome == DeliveryState::Retrying {
        // Without a record its end is written elsewhere in the log.
        let newest = record.entries.iter().filter(|id| **id <= bound).max()?;
        if *newest != entry.id {
            return None;
        }
    }
    Some(record.summary(attempt.delivery.clone(), Some(*attempt), is_active))
}

impl ListFilter {
    pub(super) fn spans(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    pub(super) fn lets_through(&self, delivery: &DeliverySummary) -> bool {
        let has_status = |status: ListStatus| status.state() == delivery.state && !delivery.is_test;
        self.status.is_none_or(has_status) && self.event.as_ref().is_none_or(|event| *event == delivery.event)
    }
}
