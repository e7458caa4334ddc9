//! When the fetcher looks whether there is something to fetch although nothing woke it.

use std::time::{Duration, Instant};

/// A worker with room looks at least this often, even if nothing woke it: wake tokens get lost.
pub(super) const LOOK_AFTER: Duration = Duration::from_secs(3);

/// While the watch's looks find nothing in the shard (`quiet_since`), it calls no more often than this; and without a look, so long after
/// the last one. A look that finds something wakes it, and the next one is due before.
const CALL_WHILE_QUIET: Duration = Duration::from_secs(30);
const LOOKS_HOLD_FOR: Duration = Duration::from_secs(6);

/// What is due later waits so long for a call that goes anyway: it is a retry or a turn by a rate, which nobody expects to the millisecond.
const WAITS_FOR_COMPANY: Duration = Duration::from_millis(5);

/// When the next look is due.
#[derive(Debug)]
pub(super) struct Looks {
    at: Instant,
    /// When the last call that asked for something was answered.
    called: Instant,
    /// When something is due, by its answer.
    due: Option<Instant>,
}

impl Looks {
    /// Now.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            at: now,
            called: now,
            due: None,
        }
    }

    /// When to look.
    pub(super) const fn at(&self) -> Instant {
        self.at
    }

    /// A call was answered: something is due then, if nothing happens before.
    pub(super) fn answered(&mut self, now: Instant, due_in: Option<Duration>) {
        self.called = now;
        let due_in = due_in.map(|due_in| due_in + WAITS_FOR_COMPANY);
        self.due = due_in.map(|due_in| now + due_in);
        self.at = now + due_in.unwrap_or(LOOK_AFTER).min(LOOK_AFTER);
    }

    /// The watch's look that began then found nothing that could be fetched: until its next one there is no need to look as well.
    pub(super) fn found_quiet(&mut self, since: Instant) {
        let until = (since + LOOKS_HOLD_FOR).min(self.called + CALL_WHILE_QUIET);
        let until = self.due.map_or(until, |due| until.min(due));
        self.at = self.at.max(until);
    }
}
