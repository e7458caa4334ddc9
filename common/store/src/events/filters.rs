//! What the filters of accounts say of events. The script tells the filters of an account the first time that it meets an event for one
//! of its endpoints that has some, and again when they changed; so nothing is asked, or kept, of accounts without.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::endpoint::{Data, Filters};
use domain::id::AccountId;

use super::NewEvent;
use super::script::{EventAnswer, JudgedEvent};
use crate::scripts::Legible;

/// For so long the filters of an account are known: then it may have none any more.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// The filters of so many accounts are known at most, with so many bytes together: when there are more, all are forgotten.
const MOST_KNOWN: usize = 4096;
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The filters of the accounts that have some, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct KnownFilters(Mutex<HashMap<AccountId, Arc<AccountFilters>>>);

/// The filters of an account's endpoints.
#[derive(Debug)]
struct AccountFilters {
    /// Follows from them all.
    version: String,
    /// By the endpoint's id.
    filters: Vec<(String, Filters)>,
    bytes: usize,
    learned: Instant,
}

impl KnownFilters {
    /// Takes the answer off that tells the filters of an account, which is none of an event; returns whether there was one.
    pub(super) fn learn(&self, answers: &mut Vec<Legible<EventAnswer>>, now: Instant) -> bool {
        let last = answers.pop_if(|last| matches!(last, Legible(Some(EventAnswer::Filters(..)))));
        let Some(Legible(Some(EventAnswer::Filters(account, version, told)))) = last else {
            return false;
        };
        let bytes = told.values().map(String::len).sum();
        let filters = told
            .into_iter()
            .filter(|(id, _)| id != "version")
            .map(|(id, text)| (id, Filters::from_stored(&text)));
        let told = AccountFilters {
            version,
            filters: filters.collect(),
            bytes,
            learned: now,
        };
        let mut known = self.lock();
        known.retain(|_, filters| filters.are_fresh(now));
        let kept: usize = known.values().map(|filters| filters.bytes).sum();
        if known.len() >= MOST_KNOWN || kept + bytes > MOST_BYTES {
            known.clear();
        }
        known.insert(account, Arc::new(told));
        true
    }

    /// Events with what is known of them; `None` if nothing is known of any of their accounts.
    pub(super) fn judge<'a>(&self, events: &'a [NewEvent], now: Instant) -> Option<Vec<JudgedEvent<'a>>> {
        let filters: Vec<_> = {
            let known = self.lock();
            if known.is_empty() {
                return None;
            }
            let of = |event: &NewEvent| {
                known
                    .get(&event.account)
                    .filter(|filters| filters.are_fresh(now))
                    .cloned()
            };
            events.iter().map(of).collect()
        };
        filters.iter().any(Option::is_some).then(|| {
            let judged = events.iter().zip(filters).map(|(event, filters)| JudgedEvent {
                verdict: filters.map_or_else(String::new, |filters| filters.verdict(event)),
                event,
            });
            judged.collect()
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Arc<AccountFilters>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Events of which nothing is known.
pub(super) fn unjudged(events: &[NewEvent]) -> Vec<JudgedEvent<'_>> {
    let judged = events.iter().map(|event| JudgedEvent {
        event,
        verdict: String::new(),
    });
    judged.collect()
}

impl AccountFilters {
    fn are_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.learned) < KNOWN_FOR
    }

    /// `<version> <endpoints that don't want the event>`.
    fn verdict(&self, event: &NewEvent) -> String {
        let data = Data::new(event.payload.data());
        let refused = self
            .filters
            .iter()
            .filter(|(_, filters)| !filters.hold_for(&data));
        let refused: Vec<_> = refused.map(|(id, _)| id.as_str()).collect();
        format!("{} {}", self.version, refused.join(","))
    }
}
