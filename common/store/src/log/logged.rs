//! Pages of a listing from the log.

use redis::Value;

use super::entry::entries;
use super::listing::{MOST_LOOKED_AT, STEP};
use super::{DeliverySummary, EntryId, ListPage, ListPosition, Listing, LogContent, LogEntry, Record};
use crate::decode::{array, next, text};
use crate::{Store, StoreError};
use domain::delivery::DeliveryState;

/// A piece of the log: each entry with the record of its delivery.
struct Piece {
    is_active: bool,
    entries: Vec<(LogEntry, Record)>,
    /// How many entries the script read, with those that this version can't read.
    read: usize,
    first: Option<EntryId>,
    last: Option<EntryId>,
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
            let Some(piece) = self.piece_of_log(listing, &from).await? else {
                return Ok(None);
            };
            let is_at_end = piece.read < STEP;
            looked_at += piece.read;
            let bound = *bound.get_or_insert(piece.first.unwrap_or_default());
            for (entry, record) in piece.entries {
                if filter.since.is_some_and(|since| entry.id < EntryId::at(since)) {
                    return Ok(Some(page));
                }
                let after = entry.id;
                let delivery = shown(entry, record, piece.is_active, bound);
                page.deliveries
                    .extend(delivery.filter(|delivery| filter.lets_through(delivery)));
                if page.deliveries.len() == listing.limit {
                    let goes_on = !is_at_end || piece.last != Some(after);
                    page.next = goes_on.then_some(ListPosition::Log { after, bound });
                    return Ok(Some(page));
                }
            }
            let Some(after) = piece.last.filter(|_| !is_at_end) else {
                return Ok(Some(page));
            };
            if looked_at >= MOST_LOOKED_AT {
                page.next = Some(ListPosition::Log { after, bound });
                return Ok(Some(page));
            }
            from = after.before();
        }
    }

    async fn piece_of_log(&self, listing: &Listing<'_>, from: &str) -> Result<Option<Piece>, StoreError> {
        let step = STEP.to_string();
        let arguments = [listing.endpoint.as_str(), listing.account.as_str(), from, &step];
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
fn shown(entry: LogEntry, record: Record, is_active: bool, bound: EntryId) -> Option<DeliverySummary> {
    let LogContent::Attempt(attempt) = entry.content else {
        return None;
    };
    if attempt.outcome == DeliveryState::Retrying {
        // Without a record, the log has a later entry that says how it ended.
        let newest = record.entries.iter().filter(|id| **id <= bound).max()?;
        if *newest != entry.id {
            return None;
        }
    }
    Some(record.summary(attempt.delivery.clone(), Some(*attempt), is_active))
}
