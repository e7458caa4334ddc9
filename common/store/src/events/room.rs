//! How long a call goes on making room for its events, and which calls begin with that.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::AccountId;

use super::script::EventAnswer;
use crate::scripts::Legible;

/// One step gives up so many deliveries that the longest payload finds room within this many, however short theirs are.
const MOST_STEPS: u32 = 64;

/// An account that is full stays so for a while: calls with its events seek room at once while one needed it so lately.
const LATELY: Duration = Duration::from_secs(1);

/// So many accounts are known to be full at most. Events of others are asked for twice.
const MOST_FULL: usize = 256;

/// The accounts that were full lately, and when they last were.
#[derive(Debug, Default)]
pub(super) struct Shortage(Mutex<HashMap<AccountId, Instant>>);

impl Shortage {
    /// What a call `now` with events of these accounts begins with.
    pub(super) fn room<'a>(&self, mut accounts: impl Iterator<Item = &'a AccountId>, now: Instant) -> Room {
        let full = self.lock();
        let is_sought =
            !full.is_empty() && accounts.any(|account| full.get(account).is_some_and(is_lately(now)));
        Room {
            steps: is_sought.then_some(0),
        }
    }

    /// An event of an account needed room `now`, and its call had not begun with seeking it.
    pub(super) fn note(&self, account: &AccountId, now: Instant) {
        let mut full = self.lock();
        full.retain(|_, last| is_lately(now)(last));
        if full.len() < MOST_FULL {
            full.insert(account.clone(), now);
        }
    }

    /// A call with events of these accounts made room `now`: those that were full still are.
    pub(super) fn renew<'a>(&self, accounts: impl Iterator<Item = &'a AccountId>, now: Instant) {
        let mut full = self.lock();
        for account in accounts {
            if let Some(last) = full.get_mut(account) {
                *last = now;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_lately(now: Instant) -> impl Fn(&Instant) -> bool {
    move |last| now.saturating_duration_since(*last) < LATELY
}

/// Takes the word off the answers that a call has made room; returns whether it has.
pub(super) fn has_made_room(answers: &mut Vec<Legible<EventAnswer>>) -> bool {
    let last = answers.pop_if(|last| matches!(last, Legible(Some(EventAnswer::MadeRoom))));
    last.is_some()
}

/// Whether room is sought, and how many calls have made some for the first event that is left.
#[derive(Debug, Default)]
pub(super) struct Room {
    steps: Option<u32>,
}

impl Room {
    /// Whether the next call has to make room. Once one event of a call needed it, others will.
    pub(super) fn is_sought(&self) -> bool {
        self.steps.is_some()
    }

    /// Whether the last answer is none, since its event needs (more) room: then it is taken off, and another call makes some. After
    /// too many it stays, and refuses the event.
    pub(super) fn goes_on(&mut self, answers: &mut Vec<Legible<EventAnswer>>) -> bool {
        if !matches!(answers.last(), Some(Legible(Some(EventAnswer::NeedsRoom)))) {
            return false;
        }
        let is_another_event = answers.len() > 1;
        let steps = self
            .steps
            .filter(|_| !is_another_event)
            .map_or(0, |steps| steps + 1);
        self.steps = Some(steps);
        if steps > MOST_STEPS {
            return false;
        }
        answers.pop();
        true
    }
}

#[cfg(test)]
mod tests;
