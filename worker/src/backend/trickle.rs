//! How failures are reported: a few at a time while others are served.
//!
//! Nobody waits for the report of a failure as others wait for their deliveries: its next attempt is seconds away. But it takes Redis
//! as long as several successes, hundreds may come in one instant (a host that is down, names that nobody answers for), and each
//! makes room for the next attempt that fails. So while there are successes, a call carries a few failures, and those that follow rest
//! for some time, in which the others' calls are short. An endpoint that fails at once is slowed down by that; it has no more
//! in flight than before. Failures hurry when they get in the way: they count as held until they are recorded.

use std::time::{Duration, Instant};

/// So many go at a time.
const A_FEW: usize = 4;

/// How long the next ones rest, as a multiple of what the call took that carried the last, and at most.
const REST: u32 = 3;
const LONGEST_REST: Duration = Duration::from_millis(20);

/// Others are served while an attempt has succeeded so lately.
const LATELY: Duration = Duration::from_secs(1);

/// Failures hurry when less than this part of the slots is left.
const HURRY_PART: u32 = 8;

/// When failures go, and how many.
#[derive(Debug, Default)]
pub(super) struct Trickle {
    succeeded: Option<Instant>,
    rests_until: Option<Instant>,
}

impl Trickle {
    /// How many of the failures that wait may go with a call `now`. `held` of the `slots` are taken, those of the failures included.
    pub(super) fn due(&self, now: Instant, failures: usize, held: u32, slots: u32) -> usize {
        let hurries = slots.saturating_sub(held) < (slots / HURRY_PART).max(1);
        if hurries || !self.serves_others(now) {
            failures
        } else if self.rests_until.is_some_and(|until| now < until) {
            0
        } else {
            failures.min(A_FEW)
        }
    }

    /// Whether calls must be short for others' sake.
    pub(super) fn serves_others(&self, now: Instant) -> bool {
        self.succeeded
            .is_some_and(|last| now.saturating_duration_since(last) < LATELY)
    }

    /// Until when failures rest, if they do.
    pub(super) const fn rests_until(&self) -> Option<Instant> {
        self.rests_until
    }

    /// A call with so many reports was answered `now`, after it `took` so long.
    pub(super) fn answered(&mut self, now: Instant, took: Duration, successes: usize, failures: usize) {
        if successes > 0 {
            self.succeeded = Some(now);
        }
        if failures > 0 {
            self.rests_until = Some(now + took.saturating_mul(REST).min(LONGEST_REST));
        }
    }
}

#[cfg(test)]
mod tests;
