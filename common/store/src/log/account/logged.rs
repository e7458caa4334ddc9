//! Pages from the logs of several endpoints.

use super::super::logged::shown;
use super::super::older::LogRecords;
use super::super::{EntryId, LogContent, RawEntry};
use super::super::{MOST_LOOKED_AT, STEP};
use super::branches::{Branches, Next};
use super::position::Spot;
use super::{Cancellation, Filling};
use crate::StoreError;

/// The most entries of streams that a page reads (a few milliseconds of Redis's time), and the most blocks that it passes over by what
/// their descriptors say, and that it unpacks.
const MOST_READ: usize = 2000;
const MOST_PASSED: usize = 512;
const MOST_UNPACKED: usize = 4;

impl Filling<'_> {
    /// Fills the page from a place on; answers where it paused.
    pub(super) async fn list_logged(&mut self, from: Option<&Spot>) -> Result<Option<Spot>, StoreError> {
        let filter = self.listing.filter;
        if !filter.reads_logs() {
            return Ok(None);
        }
        let until = filter.until.map_or(EntryId::MAX, EntryId::at).just_before();
        let mut logs = Branches::new(
            self.store,
            self.listing.account,
            self.endpoints().await?,
            from,
            self.bound.min(until),
            filter.since.map_or(EntryId::MIN, EntryId::at),
        );
        loop {
            let wanted = (self.listing.limit - self.len()).clamp(10, STEP);
            let (some, paused) = self.gather(&mut logs, wanted).await?;
            self.looked_at += some.len();
            let more = self.show(&logs, some).await?;
            if let Some(spot) = more {
                return Ok(Some(spot));
            }
            match paused {
                Paused::End => return Ok(None),
                Paused::At(spot) => return Ok(Some(spot)),
                Paused::Enough => {}
            }
            if (self.is_full() || self.looked_at >= MOST_LOOKED_AT)
                && let Next::Entry(spot) | Next::Block(spot, _) = logs.next().await?
            {
                return Ok(Some(spot));
            }
        }
    }

    /// The next entries that may be shown, as many as are wanted, each with its place.
    async fn gather(
        &self,
        logs: &mut Branches<'_>,
        wanted: usize,
    ) -> Result<(Vec<(Spot, RawEntry)>, Paused), StoreError> {
        let filter = self.listing.filter;
        let mut some = Vec::with_capacity(wanted);
        while some.len() < wanted {
            match logs.next().await? {
                Next::End => return Ok((some, Paused::End)),
                Next::Entry(spot) if logs.read > MOST_READ => return Ok((some, Paused::At(spot))),
                Next::Entry(spot) => {
                    let entry = logs.take(&spot.endpoint).filter(|entry| filter.may_show(entry));
                    some.extend(entry.map(|entry| (spot, entry)));
                }
                Next::Block(spot, _) if logs.passed == MOST_PASSED => return Ok((some, Paused::At(spot))),
                Next::Block(spot, block) if !filter.may_find_in(&block) => logs.pass(&spot.endpoint),
                Next::Block(spot, _) if logs.unpacked == MOST_UNPACKED => {
                    return Ok((some, Paused::At(spot)));
                }
                Next::Block(spot, _) => {
                    let filter = filter.clone();
                    let is_wanted = move |entry: &RawEntry| filter.may_show(entry);
                    logs.unpack(&spot.endpoint, is_wanted).await?;
                }
            }
        }
        Ok((some, Paused::Enough))
    }

    /// Adds to the page what these entries stand for; answers the place of the first that finds no room.
    async fn show(
        &mut self,
        logs: &Branches<'_>,
        some: Vec<(Spot, RawEntry)>,
    ) -> Result<Option<Spot>, StoreError> {
        let filter = self.listing.filter;
        let attempts = some.iter().filter_map(|(_, entry)| entry.attempt());
        let deliveries: Vec<_> = attempts.map(|attempt| attempt.delivery.clone()).collect();
        let records = LogRecords {
            delivery: &deliveries,
        };
        let mut records = match deliveries.is_empty() {
            true => Vec::new(),
            false => self.store.call(&records).await?,
        }
        .into_iter();
        let mut found = Vec::with_capacity(some.len());
        for (spot, entry) in some {
            let record = entry.attempt().and_then(|_| records.next()).unwrap_or_default();
            let (Some(standing), Some(entry)) = (logs.standing(&spot.endpoint), entry.known()) else {
                continue;
            };
            if let LogContent::Canceled { count } = entry.content {
                let (at, endpoint) = (entry.id.time(), spot.endpoint.clone());
                found.push((spot, Shown::Canceled(Cancellation { at, endpoint, count })));
            } else if let Some(delivery) = shown(entry, record, standing, self.bound)
                && filter.lets_through(&delivery)
            {
                found.push((spot, Shown::Delivery(Box::new(delivery))));
            }
        }
        let events = found.iter().filter_map(|(_, shown)| shown.delivery());
        let of_chatbot = self.of_chatbot(events).await?;
        for (spot, shown) in found {
            if shown.delivery().is_some_and(|delivery| !of_chatbot.has(delivery)) {
                continue;
            }
            if self.is_full() {
                return Ok(Some(spot));
            }
            match shown {
                Shown::Canceled(canceled) => self.page.canceled.push(canceled),
                Shown::Delivery(delivery) => self.page.deliveries.push(*delivery),
            }
        }
        Ok(None)
    }
}

/// Why no more entries were gathered.
enum Paused {
    /// There are no more.
    End,
    /// The page has looked at as much as it may; it goes on here.
    At(Spot),
    /// There are as many as were wanted.
    Enough,
}

enum Shown {
    Canceled(Cancellation),
    Delivery(Box<super::DeliverySummary>),
}

impl Shown {
    fn delivery(&self) -> Option<&super::DeliverySummary> {
        match self {
            Self::Delivery(delivery) => Some(delivery),
            Self::Canceled(_) => None,
        }
    }
}
