//! How many connections a destination needs: as many as were lately in use at once.

use std::time::{Duration, Instant};

/// How long a span is. What was in use in this one and in the one before is *lately*.
const SPAN: Duration = Duration::from_secs(1);

/// The demand of one destination.
#[derive(Debug, Default)]
pub(super) struct Demand {
    in_use: usize,
    /// When the current span began.
    since: Option<Instant>,
    /// The most at once in the current span, and in the one before.
    most: usize,
    most_before: usize,
}

impl Demand {
    /// One more is in use.
    pub(super) fn begin(&mut self, now: Instant) {
        self.look(now);
        self.in_use += 1;
        self.most = self.most.max(self.in_use);
    }

    /// One is in use no more.
    pub(super) const fn end(&mut self) {
        self.in_use = self.in_use.saturating_sub(1);
    }

    /// How many are in use.
    pub(super) const fn in_use(&self) -> usize {
        self.in_use
    }

    /// How many more than are in use may be kept. One always may, for those who come seldom.
    pub(super) fn idle_at_most(&mut self, now: Instant) -> usize {
        self.look(now);
        self.most.max(self.most_before).max(1).saturating_sub(self.in_use)
    }

    /// Begins a new span if the current one is over.
    fn look(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= SPAN {
            // If more than a span has passed, the one before had what was in use all the time.
            self.most_before = if passed < SPAN * 2 { self.most } else { self.in_use };
            self.most = self.in_use;
            self.since = Some(now);
        }
    }
}

#[cfg(test)]
mod tests;
