//! Pages of a listing from the log.

use super::listing::{MOST_LOOKED_AT, STEP};
use super::{
    DeliverySummary, EndpointStanding, EntryId, ListPage, ListPosition, Listing, LogContent, LogEntry,
    RawEntry, Record,
};
use crate::scripts::script;
use crate::{Store, StoreError};
use domain::delivery::DeliveryState;
use domain::id::{AccountId, EndpointId};

script! {
    /// A piece of an endpoint's log, newest first: the endpoint, and each entry with the record of its delivery.
    "log_page": AllowOom, Reads, needs [OWNER, VIEW, LOGGED];
    struct LogPage<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        newest: &'a str,
        most: usize
    } -> Option<(EndpointStanding, Vec<(RawEntry, Record)>)>
}

impl Store {
    /// A page from the log, from the listing's position on.
    pub(super) async fn page_from_log(&self, listing: &Listing<'_>) -> Result<Option<ListPage>, StoreError> {
        let filter = listing.filter;
        let mut page = ListPage::default();
        let (mut from, mut bound) = match listing.position {
            Some(ListPosition::Log { after, bound }) => (after.before(), Some(*bound)),
            _ => {
                let newest = filter.until.map(|until| EntryId::at(until).before());
                (newest.unwrap_or_else(|| "+".to_owned()), None)
            }
        };
        let mut looked_at = 0;
        loop {
            let log_page = LogPage {
                endpoint: listing.endpoint,
                account: listing.account,
                newest: &from,
                most: STEP,
            };
            let Some((endpoint, entries)) = self.call(&log_page).await? else {
                return Ok(None);
            };
            let is_at_end = entries.len() < STEP;
            looked_at += entries.len();
            let (first, last) = (entries.first(), entries.last());
            let last = last.map(|(entry, _)| entry.id);
            let bound = *bound.get_or_insert(first.map_or_else(EntryId::default, |(entry, _)| entry.id));
            for (entry, record) in entries {
                let Some(entry) = entry.known() else { continue };
                if filter.since.is_some_and(|since| entry.id < EntryId::at(since)) {
                    return Ok(Some(page));
                }
                let after = entry.id;
                let delivery = shown(entry, record, &endpoint, bound);
                page.deliveries
                    .extend(delivery.filter(|delivery| filter.lets_through(delivery)));
                if page.deliveries.len() == listing.limit {
                    let goes_on = !is_at_end || last != Some(after);
                    page.next = goes_on.then_some(ListPosition::Log { after, bound });
                    return Ok(Some(page));
                }
            }
            let Some(after) = last.filter(|_| !is_at_end) else {
                return Ok(Some(page));
            };
            if looked_at >= MOST_LOOKED_AT {
                page.next = Some(ListPosition::Log { after, bound });
                return Ok(Some(page));
            }
            from = after.before();
        }
    }
}

/// The delivery that an entry stands for; `None` if it has a later entry within the bound.
fn shown(
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
