//! Which names were looked up in vain a moment ago: they are not asked for again at once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::SharedError;

/// A failure is remembered at least and at most for so long. The longest is no longer than the first wait of a retry, so that no delivery
/// fails twice by one look-up.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5);

/// How many names are remembered. When there are more, all are forgotten.
const MAX_REMEMBERED: usize = 4096;

/// For how long a failure is remembered: as long as it took to fail, so that a name that nobody answers for holds a place half of
/// the time at most, and within these bounds.
fn remembered_for(took: Duration) -> Duration {
    took.clamp(SHORTEST, LONGEST)
}

/// For how long an endpoint rests whose name was not found by a look-up that took this long: until the name may be asked for again, and
/// up to as long once more. Look-ups that began together fail together; `jitter` between 0 and 1 has what asks next come one by one.
pub(crate) fn rests_for(took: Duration, jitter: f64) -> Duration {
    let remembered = remembered_for(took);
    remembered + remembered.mul_f64(jitter.clamp(0.0, 1.0))
}

/// The names, until when each is remembered, and why it was not found.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<String, (Instant, SharedError)>);

impl Failures {
    /// Remembers that a name was not found `now`, after a look-up that took this long.
    pub(super) fn remember(&mut self, name: String, error: SharedError, took: Duration, now: Instant) {
        if self.0.len() >= MAX_REMEMBERED {
            self.0.retain(|_, (until, _)| *until > now);
        }
        if self.0.len() >= MAX_REMEMBERED {
            self.0.clear();
        }
        self.0.insert(name, (now + remembered_for(took), error));
    }

    /// Why a name was not found, if that is remembered.
    pub(super) fn of(&mut self, name: &str, now: Instant) -> Option<SharedError> {
        let (until, error) = self.0.get(name)?;
        if *until > now {
            return Some(error.clone());
        }
        self.0.remove(name);
        None
    }
}

#[cfg(test)]
mod tests;
