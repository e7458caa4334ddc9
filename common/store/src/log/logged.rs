//! Pages of a listing from the log: from the stream, and then from what was packed of it (`older`).

use super::{
    DeliverySummary, EndpointStanding, EntryId, ListPage, ListPosition, Listing, LogContent, LogEntry,
    RawEntry, Record,
};
use super::{MOST_LOOKED_AT, STEP};
use crate::scripts::script;
use crate::{Store, StoreError};
use domain::delivery::DeliveryState;
use domain::id::{AccountId, EndpointId};

script! {
    /// A piece of an endpoint's log, newest first: the endpoint, and each entry with the record of its delivery.
    "log_page": AllowOom, Reads, needs [OWNER, VIEW, LOGGED, HERE];
    struct LogPage<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        newest: &'a str,
        most: usize
    } -> Option<(EndpointStanding, Vec<(RawEntry, Record)>)>
}

/// A page that is being filled, from the newest entry to the oldest.
pub(super) struct Filling<'a> {
    pub(super) listing: &'a Listing<'a>,
    pub(super) endpoint: EndpointStanding,
    pub(super) page: ListPage,
    /// The newest entry when the first page was read, once one was met.
    bound: Option<EntryId>,
    /// The last entry that was looked at.
    pub(super) after: EntryId,
    /// Entries whose deliveries were looked up.
    pub(super) looked_at: usize,
}

/// Whether a page wants more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    More,
    /// It has as many deliveries as were asked for.
    Full,
    /// What comes now is older than was asked for.
    Ended,
}

impl Store {
    /// A page from the log, from the listing's position on.
    pub(super) async fn page_from_log(&self, listing: &Listing<'_>) -> Result<Option<ListPage>, StoreError> {
        let (mut after, bound) = match listing.position {
            Some(ListPosition::Log { after, bound, .. }) => (*after, Some(*bound)),
            _ => (listing.filter.until.map_or(EntryId::MAX, EntryId::at), None),
        };
        let mut filling: Option<Filling<'_>> = None;
        loop {
            let log_page = LogPage {
                endpoint: listing.endpoint,
                account: listing.account,
                newest: &after.before(),
                most: STEP,
            };
            let Some((endpoint, entries)) = self.call(&log_page).await? else {
                return Ok(None);
            };
            let filling = filling.get_or_insert_with(|| Filling::new(listing, endpoint, after, bound));
            filling.looked_at += entries.len();
            let read = entries.len();
            for (place, (entry, record)) in entries.into_iter().enumerate() {
                match filling.take(entry, record) {
                    Wants::More => {}
                    Wants::Ended => return Ok(Some(filling.end())),
                    Wants::Full if place + 1 < read || read == STEP => return Ok(Some(filling.pause())),
                    Wants::Full => break,
                }
            }
            after = filling.after;
            if read < STEP {
                return Ok(Some(self.fill_from_blocks(filling).await?));
            }
            if filling.looked_at >= MOST_LOOKED_AT {
                return Ok(Some(filling.pause()));
            }
        }
    }
}

impl<'a> Filling<'a> {
    fn new(
        listing: &'a Listing<'a>,
        endpoint: EndpointStanding,
        after: EntryId,
        bound: Option<EntryId>,
    ) -> Self {
        Self {
            listing,
            endpoint,
            page: ListPage::default(),
            bound,
            after,
            looked_at: 0,
        }
    }

    /// Looks at the next entry, with the record of its delivery.
    pub(super) fn take(&mut self, entry: RawEntry, record: Record) -> Wants {
        let filter = self.listing.filter;
        let bound = self.pass(entry.id);
        if filter.since.is_some_and(|since| entry.id < EntryId::at(since)) {
            return Wants::Ended;
        }
        let delivery = entry
            .known()
            .and_then(|entry| shown(entry, record, &self.endpoint, bound));
        self.page
            .deliveries
            .extend(delivery.filter(|delivery| filter.lets_through(delivery)));
        if self.is_full() { Wants::Full } else { Wants::More }
    }

    /// Goes on to an entry; answers the bound of the listing.
    pub(super) fn pass(&mut self, id: EntryId) -> EntryId {
        self.after = id;
        self.meet(id)
    }

    /// There is an entry at this place; the first one bounds the listing.
    pub(super) fn meet(&mut self, id: EntryId) -> EntryId {
        *self.bound.get_or_insert(id)
    }

    pub(super) const fn is_full(&self) -> bool {
        self.page.deliveries.len() >= self.listing.limit
    }

    /// The page, behind which there is nothing.
    pub(super) fn end(&mut self) -> ListPage {
        std::mem::take(&mut self.page)
    }

    /// The page, behind which the next one goes on.
    pub(super) fn pause(&mut self) -> ListPage {
        let (after, bound) = (self.after, self.bound.unwrap_or(self.after));
        self.page.next = Some(ListPosition::Log {
            after,
            bound,
            is_whole: false,
        });
        self.end()
    }
}

/// The delivery that an entry stands for; `None` if it has a later entry within the bound.
pub(super) fn shown(
    entry: LogEntry,
    record: Record,
    endpoint: &EndpointStanding,
    bound: EntryId,
) -> Option<DeliverySummary> {
    let LogContent::Attempt(attempt) = entry.content else {
        return None;
    };
    if attempt.outcome == DeliveryState::Retrying || attempt.is_held() {
        // Without a record, the log has a later entry that says how it ended.
        let newest = record.entries.iter().filter(|id| **id <= bound).max()?;
        if *newest != entry.id {
            return None;
        }
    }
    Some(record.summary(attempt.delivery.clone(), Some(*attempt), endpoint))
}
