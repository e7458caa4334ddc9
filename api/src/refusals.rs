//! Refusals of accounts that ask too often (429 with `Retry-After`), and what they cost everybody else.
//!
//! A refusal costs a fraction of a millisecond, but whoever asks again at once, whatever we answer, would make thousands a second. So the
//! first refusal is answered at once, and those before its `Retry-After` is over, after [`PAUSE`]. Nothing of their bodies is read
//! before, so their clients can't send more meanwhile, and nothing waits in our memory.
//!
//! Nor does Redis hear of them: [`UsedUp`] knows which limits leave nothing until their minute ends.

mod used_up;

pub use used_up::{Counter, UsedUp};

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::access::Share;
use crate::problem::Problem;

/// How long we wait before we refuse somebody who didn't wait.
pub const PAUSE: Duration = Duration::from_millis(100);

/// The most shares that are remembered.
const MOST: usize = 10_000;

/// Whose callers were told to wait, by this process.
#[derive(Debug, Default)]
pub struct Refusals {
    told: Mutex<HashMap<Share, Instant>>,
    /// The limits that are used up.
    pub used_up: UsedUp,
}

impl Refusals {
    /// Gives back the problem with which a request of this share is refused: at once, or after [`PAUSE`] if its callers were told to
    /// wait for longer than they did.
    pub async fn refuse(&self, share: &Share, problem: Problem) -> Problem {
        let wait = Duration::from_secs(problem.seconds_to_wait().unwrap_or(0).into());
        if self.tell(share, wait, Instant::now()) {
            tokio::time::sleep(PAUSE).await;
        }
        problem
    }

    /// Notes that they are told to wait for so long; `true` if they should be waiting already.
    fn tell(&self, share: &Share, wait: Duration, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let until = now + wait;
        if let Some(known) = told.get_mut(share) {
            let is_early = now < *known;
            *known = until.max(*known);
            return is_early;
        }
        if told.len() >= MOST {
            told.retain(|_, until| now < *until);
        }
        if told.len() < MOST {
            told.insert(share.clone(), until);
        }
        false
    }
}

#[cfg(test)]
mod tests;
