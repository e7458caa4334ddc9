//! Limits of a minute that are used up, as Redis said when it refused somebody. Nothing more can come until that minute ends, so who asks
//! again meanwhile is refused without asking Redis: a loop of refusals must not cost those who are within their limits.
//!
//! Each process remembers what it was told itself. A limit whose counter an operator removes counts as used up here until its minute ends.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::id::AccountId;
use store::events::{AcceptOutcome, Counted, NewEvent};
use store::rates::{Quota, Subject};

use crate::access::Share;

/// The most that is remembered of each kind.
const MOST: usize = 10_000;

/// What is used up.
#[derive(Debug, Default)]
pub struct UsedUp {
    calls: Known<Share>,
    service_keys: Known<String>,
    accounts: Known<AccountId>,
    events: Known<Repeatable>,
}

/// An event that can be sent again: its account, and its idempotency key.
type Repeatable = (AccountId, String);

/// An event as the limits see it.
#[derive(Debug)]
pub struct Counter {
    account: AccountId,
    idempotency_key: Option<String>,
}

impl Counter {
    /// Of an event.
    #[must_use]
    pub fn of(event: &NewEvent) -> Self {
        Self {
            account: event.account.clone(),
            idempotency_key: event
                .idempotency
                .as_ref()
                .map(|idempotency| idempotency.key.clone()),
        }
    }
}

impl UsedUp {
    /// The callers of a share may not make so many calls in this minute.
    pub fn note_calls(&self, share: &Share, quota: Quota) {
        self.calls.note(share.clone(), quota, Instant::now());
    }

    /// What is left for callers that may not make so many calls, as is known.
    #[must_use]
    pub fn calls(&self, share: &Share, calls: u32) -> Option<Quota> {
        let quota = self.calls.find(share, Instant::now())?;
        (quota.left < calls).then_some(quota)
    }

    /// Notes what came of an event that was pushed with this service key, if its limits refused it.
    pub fn note_event(&self, key: &str, event: Counter, counted: &Counted) {
        if counted.outcome != AcceptOutcome::RateLimited {
            return;
        }
        let now = Instant::now();
        for quota in used_up(&counted.quotas) {
            match quota.subject {
                Subject::ServiceKey => self.service_keys.note(key.to_owned(), *quota, now),
                Subject::Account => self.accounts.note(event.account.clone(), *quota, now),
                Subject::Dashboard | Subject::Keys | Subject::Portal | Subject::Manage => {}
            }
        }
        let longest = used_up(&counted.quotas).max_by_key(|quota| quota.ends_in);
        if let (Some(key), Some(quota)) = (event.idempotency_key, longest) {
            self.events.note((event.account, key), *quota, now);
        }
    }

    /// What comes of an event that is pushed with this service key, if it is known to be refused. One with an idempotency key may have been
    /// accepted before, and then it counts no more: it is known only once it was itself refused.
    #[must_use]
    pub fn event(&self, key: &str, event: &Counter) -> Option<Counted> {
        let now = Instant::now();
        let quotas: Vec<Quota> = match &event.idempotency_key {
            Some(idempotency_key) => {
                let repeatable = (event.account.clone(), idempotency_key.clone());
                self.events.find(&repeatable, now).into_iter().collect()
            }
            None => {
                let of_key = self.service_keys.find(key, now);
                of_key
                    .into_iter()
                    .chain(self.accounts.find(&event.account, now))
                    .collect()
            }
        };
        (!quotas.is_empty()).then_some(Counted {
            outcome: AcceptOutcome::RateLimited,
            quotas,
        })
    }
}

fn used_up(quotas: &[Quota]) -> impl Iterator<Item = &Quota> {
    quotas.iter().filter(|quota| quota.left == 0)
}

/// What is left in minutes that aren't over.
#[derive(Debug)]
struct Known<K>(Mutex<HashMap<K, (Quota, Instant)>>);

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq> Known<K> {
    fn note(&self, whose: K, quota: Quota, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(&whose) {
            known.retain(|_, (_, ends)| now < *ends);
        }
        if known.len() < MOST || known.contains_key(&whose) {
            known.insert(whose, (quota, now + quota.ends_in));
        }
    }

    fn find<Q: Hash + Eq + ?Sized>(&self, whose: &Q, now: Instant) -> Option<Quota>
    where
        K: Borrow<Q>,
    {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (quota, ends) = known.get(whose)?;
        let ends_in = ends.saturating_duration_since(now);
        (ends_in > Duration::ZERO).then_some(Quota { ends_in, ..*quota })
    }
}

#[cfg(test)]
mod tests;
