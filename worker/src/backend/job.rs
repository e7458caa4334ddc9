//! A lease on its way through apalis: the task's arguments.

use std::time::{Duration, Instant};

use store::queue::{Leased, Outcome};

use crate::fault::NotAttempted;

use super::slots::Permit;

/// What must be left of a lease, beside the timeout of the attempt, when the attempt begins.
const MARGIN: Duration = Duration::from_secs(5);

/// A delivery that this worker may attempt once. Dropping it gives the lease back.
#[derive(Debug)]
pub(crate) struct Job {
    /// What to deliver, and where.
    pub(crate) leased: Leased,
    lease_ends: Instant,
    permit: Permit,
}

/// A job whose attempt has begun. Dropping it reports a crash.
#[derive(Debug)]
pub(crate) struct StartedJob {
    /// What to deliver, and where.
    pub(crate) leased: Leased,
    permit: Permit,
}

impl Job {
    /// `asked` is the moment before the lease was asked for, on our monotonic clock: a lease never ends later than
    /// we think.
    pub(crate) fn new(leased: Leased, permit: Permit, asked: Instant, lease: Duration) -> Self {
        Self {
            leased,
            lease_ends: asked + lease,
            permit,
        }
    }

    /// Begins the attempt, if the lease lasts long enough for one of `timeout`; else gives it back.
    pub(crate) fn start(mut self, timeout: Duration, now: Instant) -> Option<StartedJob> {
        if self.lease_ends.saturating_duration_since(now) < timeout + MARGIN {
            tracing::info!(delivery = %self.leased.delivery, "too little is left of the lease; giving it back");
            self.permit.not_attempted(&NotAttempted::Late, Duration::ZERO);
            return None;
        }
        self.permit.start();
        Some(StartedJob {
            leased: self.leased,
            permit: self.permit,
        })
    }
}

impl StartedJob {
    /// Reports what the attempt came to.
    pub(crate) fn finish(self, outcome: Outcome) {
        self.permit.finish(outcome);
    }

    /// Reports that there was no attempt after all; given back, the delivery waits for `wait`.
    pub(crate) fn not_attempted(self, reason: &NotAttempted, wait: Duration) {
        self.permit.not_attempted(reason, wait);
    }
}

#[cfg(test)]
mod tests;
