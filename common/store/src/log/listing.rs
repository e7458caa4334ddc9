//! A listing of deliveries, page by page, newest first.
//!
//! A listing shows each delivery once, at its newest log entry. Attempts that workers log while somebody pages would move
//! deliveries up and out of the pages to come. So the first page fixes a *bound*, and all pages show the log as it was
//! then: an entry stands for its delivery unless the delivery has a later one within the bound. What arrives meanwhile makes
//! a listing neither repeat nor skip anything. If the place has gone where a page ended, the next one says so.
//!
//! Deliveries that wait for their turn are not in the log; neither are, after a while, those that were given up long ago.
//! A listing by those states reads the queue, or the set of failed deliveries, instead. A listing of deliveries that wait
//! for a retry reads the log first, and then from the queue what the log has dropped.

use super::{DeliverySummary, EntryId, ListPosition, Source};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::{AccountId, EndpointId};

/// A state to list. Canceled deliveries can't be listed: only their number is in the log (see `account`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListStatus {
    /// Waits for its turn.
    Pending,
    /// Waits to be attempted beside all others, since it may be what kills workers.
    Quarantined,
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

/// A request for one page of an endpoint's deliveries.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Who asks.
    pub account: &'a AccountId,
    /// Whose deliveries.
    pub endpoint: &'a EndpointId,
    /// Which of them.
    pub filter: &'a ListFilter,
    /// Where the page begins: where the one before ended; `None` for the first page.
    pub position: Option<&'a ListPosition>,
    /// The most deliveries of the page.
    pub limit: usize,
}

/// Which deliveries are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// In this state; `None`: all that were attempted or given up, in any state.
    pub status: Option<ListStatus>,
    /// With an event of this type.
    pub event: Option<String>,
    /// From this time on: of the newest entry in the log, or of the acceptance of what waits.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The deliveries, newest first.
    pub deliveries: Vec<DeliverySummary>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<ListPosition>,
    /// Whether the place where the page before ended has gone meanwhile, so that something may be missing between the two.
    pub has_gap: bool,
    /// From this time on nothing is missing; `None` if nothing ever went, or if that doesn't matter to what is listed.
    pub complete_since: Option<Timestamp>,
}

/// Whether a page has deliveries that the log has, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logged {
    Too,
    /// Other pages show them.
    Not,
}

impl ListStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Quarantined,
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
            Self::Quarantined => DeliveryState::Quarantined,
            Self::InFlight => DeliveryState::InFlight,
            Self::Retrying => DeliveryState::Retrying,
            Self::Parked => DeliveryState::Parked,
            Self::Succeeded => DeliveryState::Succeeded,
            Self::Exhausted => DeliveryState::Exhausted,
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.state().as_str() == name)
    }

    /// Where deliveries in this state are found; `None`: in the log.
    pub(super) const fn source(self) -> Option<Source> {
        match self {
            // Those that waited for a retry when the endpoint was switched off follow.
            Self::Pending | Self::Parked => Some(Source::Pending),
            Self::Quarantined => Some(Source::Quarantine),
            Self::InFlight => Some(Source::Leases),
            Self::Exhausted => Some(Source::Failed),
            Self::Retrying | Self::Succeeded => None,
        }
    }
}

impl Store {
    /// A page of an endpoint's deliveries; `None` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn list_deliveries(&self, listing: &Listing<'_>) -> Result<Option<ListPage>, StoreError> {
        let Some(mut page) = self.read_page(listing).await? else {
            return Ok(None);
        };
        if listing.filter.ends_with_log() {
            // It is asked for after the page was read, since it only rises.
            let complete = self.log_complete_since(listing.endpoint).await?;
            let has_gone = |place: &EntryId| complete.is_some_and(|from| from > *place);
            if let Some(ListPosition::Log { after, is_whole, .. }) = listing.position {
                page.has_gap = *is_whole && has_gone(after);
            }
            if let Some(ListPosition::Log { after, is_whole, .. }) = &mut page.next {
                *is_whole = !has_gone(after);
            }
            page.complete_since = complete.map(EntryId::complete_from);
        }
        Ok(Some(page))
    }

    async fn read_page(&self, listing: &Listing<'_>) -> Result<Option<ListPage>, StoreError> {
        let other_source = match listing.position {
            Some(ListPosition::In { source, after }) => Some((*source, after.as_str())),
            Some(ListPosition::Log { .. }) => None,
            None => listing
                .filter
                .status
                .and_then(ListStatus::source)
                .map(|source| (source, "")),
        };
        if let Some((source, after)) = other_source {
            return self.page_from_queue(listing, source, after, Logged::Too).await;
        }
        match self.page_from_log(listing).await? {
            Some(page) if page.next.is_none() && listing.filter.status == Some(ListStatus::Retrying) => {
                self.with_unlogged(listing, page).await
            }
            page => Ok(page),
        }
    }

    /// The last page of the log, followed by deliveries whose attempts are all so old that the log has dropped them.
    async fn with_unlogged(
        &self,
        listing: &Listing<'_>,
        mut page: ListPage,
    ) -> Result<Option<ListPage>, StoreError> {
        let limit = listing.limit.saturating_sub(page.deliveries.len());
        if limit == 0 {
            page.next = Some(ListPosition::start_of(Source::Retry));
            return Ok(Some(page));
        }
        let rest = Listing { limit, ..*listing };
        let Some(rest) = self
            .page_from_queue(&rest, Source::Retry, "", Logged::Not)
            .await?
        else {
            return Ok(None);
        };
        page.deliveries.extend(rest.deliveries);
        page.next = rest.next;
        page.has_gap |= rest.has_gap;
        Ok(Some(page))
    }
}

impl ListFilter {
    /// Whether what is listed ends where the log does: all that was attempted, or what succeeded.
    #[must_use]
    pub const fn ends_with_log(&self) -> bool {
        matches!(self.status, None | Some(ListStatus::Succeeded))
    }

    /// Whether a time lies within the span that is asked for.
    pub(super) fn spans(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    /// Whether a delivery has the state and the type that are asked for.
    pub(super) fn lets_through(&self, delivery: &DeliverySummary) -> bool {
        let has_status = |status: ListStatus| status.state() == delivery.state && !delivery.is_test;
        self.status.is_none_or(has_status) && self.event.as_ref().is_none_or(|event| *event == delivery.event)
    }
}
