//! A listing of the deliveries of all endpoints of an account, page by page.
//!
//! It has three parts, as far as the filter asks for them: what waits (endpoint by endpoint), what was logged (of all endpoints, newest
//! first), and what their logs have no longer (endpoint by endpoint). What was logged is shown as it was when the first page was
//! read (see [`listing`](super::listing)): up to a *bound*, so that nothing comes twice or is left out because of what happens meanwhile.
//! Scripts note the same time for all that they log and never an earlier one, so a bound is a place in all logs at once.
//!
//! - `filter`: which deliveries are listed.
//! - `position`: where a page ends.
//! - `branches`: the logs of several endpoints as one, each a `branch`; `logged`: pages of that.
//! - `queues`: pages endpoint by endpoint.
//! - `tail`: the logs as they grow; `followed`: one of them; `place`: where somebody is in them.
//! - `chatbots`: in which chatbot an event happened.

mod branch;

mod branches;

mod chatbots;

mod filter;

mod logged;

mod position;

mod queues;

mod followed;

mod place;

mod tail;

pub use filter::AccountFilter;
pub use place::AccountPlace;
pub use position::AccountPosition;
pub use tail::AccountTail;

pub(crate) use branches::LogHeads;
pub(crate) use chatbots::EventHeads;

use self::position::Stage;
use super::{DeliverySummary, EntryId};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId, EventId};
use futures_util::future::try_join_all;

/// A request for one page of an account's deliveries.
#[derive(Debug, Clone, Copy)]
pub struct AccountListing<'a> {
    /// Who asks.
    pub account: &'a AccountId,
    /// Which deliveries.
    pub filter: &'a AccountFilter,
    /// Where the page begins: where the one before ended; `None` for the first page.
    pub position: Option<&'a AccountPosition>,
    /// The most items of the page.
    pub limit: usize,
}

/// A page of an account's deliveries.
#[derive(Debug, Default)]
pub struct AccountPage {
    /// The deliveries, in the listing's order.
    pub deliveries: Vec<DeliverySummary>,
    /// Where owners discarded what was parked, newest first.
    pub canceled: Vec<Cancellation>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<AccountPosition>,
    /// Whether the place where the page before ended has gone meanwhile, so that something may be missing between the two.
    pub has_gap: bool,
    /// From this time on nothing is missing in the logs of the endpoints that are asked for; `None` if nothing ever went, or if that
    /// doesn't matter to what is listed.
    pub complete_since: Option<Timestamp>,
}

/// Parked deliveries were discarded together; there is no list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// When.
    pub at: Timestamp,
    /// Of which endpoint.
    pub endpoint: EndpointId,
    /// How many.
    pub count: u64,
}

/// A page that is being filled.
struct Filling<'a> {
    store: &'a Store,
    listing: AccountListing<'a>,
    bound: EntryId,
    page: AccountPage,
    /// How many calls it has taken, and how many deliveries were looked at.
    calls: usize,
    looked_at: usize,
}

impl Store {
    /// A page of an account's deliveries; `None` when the account has none of an endpoint that the filter names.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn list_account(
        &self,
        listing: &AccountListing<'_>,
    ) -> Result<Option<AccountPage>, StoreError> {
        let named = &listing.filter.endpoints;
        if !named.is_empty() {
            let known = self.endpoint_ids(listing.account).await?;
            if named.iter().any(|id| !known.contains(id)) {
                return Ok(None);
            }
        }
        let mut page = match &listing.filter.event_id {
            Some(event) => self.list_event(listing, event).await?,
            None => self.list_pages(listing).await?,
        };
        if listing.filter.ends_with_log() {
            // It is asked for after the page was read, since it only rises.
            let complete = self.logs_complete_since(listing.account, listing.filter).await?;
            let has_gone = |place: EntryId| complete.is_some_and(|from| from > place);
            let before = listing.position.filter(|position| position.is_whole);
            page.has_gap |= before.and_then(AccountPosition::entry).is_some_and(has_gone);
            if let Some(next) = &mut page.next {
                next.is_whole = next.entry().is_some_and(|place| !has_gone(place));
            }
            page.complete_since = complete.map(EntryId::complete_from);
        }
        Ok(Some(page))
    }

    /// The deliveries of one event, which are few enough for one page.
    async fn list_event(
        &self,
        listing: &AccountListing<'_>,
        event: &EventId,
    ) -> Result<AccountPage, StoreError> {
        let filter = listing.filter;
        let trace = self.trace_event(listing.account, event).await?;
        let trace = trace.filter(|trace| filter.chatbot.is_none() || trace.chatbot == filter.chatbot);
        let mut deliveries = trace.map(|trace| trace.deliveries).unwrap_or_default();
        deliveries.retain(|delivery| filter.has(delivery));
        Ok(AccountPage {
            deliveries,
            ..AccountPage::default()
        })
    }

    /// The place from which on nothing is missing in the logs of the endpoints that are asked for; `None` if nothing ever went.
    async fn logs_complete_since(
        &self,
        account: &AccountId,
        filter: &AccountFilter,
    ) -> Result<Option<EntryId>, StoreError> {
        let mut endpoints = self.endpoint_ids(account).await?;
        endpoints.retain(|id| filter.has_endpoint(id));
        let since = endpoints.iter().map(|id| self.log_complete_since(id));
        Ok(try_join_all(since).await?.into_iter().max().flatten())
    }

    async fn list_pages(&self, listing: &AccountListing<'_>) -> Result<AccountPage, StoreError> {
        let bound = match listing.position {
            Some(position) => position.bound,
            None => EntryId::at(self.time_of_logs(listing.account).await?).just_before(),
        };
        let mut filling = Filling {
            store: self,
            listing: *listing,
            bound,
            page: AccountPage::default(),
            calls: 0,
            looked_at: 0,
        };
        let mut stage = listing.position.map_or_else(
            || Some(Stage::Waiting(position::Queue::default())),
            |position| Some(position.at.clone()),
        );
        while let Some(at) = stage.take() {
            let filter = listing.filter;
            let has_some = match &at {
                Stage::Waiting(_) => !filter.waiting().is_empty(),
                Stage::Logged(_) => filter.reads_logs(),
                Stage::Unlogged(_) => !filter.unlogged().is_empty(),
            };
            if has_some && filling.is_full() {
                filling.page.next = Some(AccountPosition {
                    bound,
                    at,
                    is_whole: false,
                });
                break;
            }
            stage = match at {
                Stage::Waiting(queue) => {
                    let behind = Some(Stage::Logged(None));
                    let paused = filling.list_queues(&filter.waiting(), queue).await?;
                    filling.pause(paused.map(Stage::Waiting), behind)
                }
                Stage::Logged(from) => {
                    let behind = Some(Stage::Unlogged(position::Queue::default()));
                    let paused = filling.list_logged(from.as_ref()).await?;
                    filling.pause(paused.map(|spot| Stage::Logged(Some(spot))), behind)
                }
                Stage::Unlogged(queue) => {
                    let paused = filling.list_queues(&filter.unlogged(), queue).await?;
                    filling.pause(paused.map(Stage::Unlogged), None)
                }
            };
        }
        Ok(filling.page)
    }
}

impl Filling<'_> {
    const fn len(&self) -> usize {
        self.page.deliveries.len() + self.page.canceled.len()
    }

    fn is_full(&self) -> bool {
        self.len() >= self.listing.limit
    }

    /// Ends the page where it paused; if a part is through, the next one follows.
    fn pause(&mut self, paused: Option<Stage>, behind: Option<Stage>) -> Option<Stage> {
        let Some(at) = paused else {
            return behind;
        };
        self.page.next = Some(AccountPosition {
            bound: self.bound,
            at,
            is_whole: false,
        });
        None
    }

    /// The account's endpoints that are asked for, in order.
    async fn endpoints(&self) -> Result<Vec<EndpointId>, StoreError> {
        let mut endpoints = self.store.endpoint_ids(self.listing.account).await?;
        endpoints.retain(|id| self.listing.filter.has_endpoint(id));
        Ok(endpoints)
    }
}
