//! The time by which scripts go, which never goes back, as a program knows it between its calls.
//!
//! An id says when it was made, and by that what belongs to it is looked for among what scripts have written. So ids go by this clock, and
//! not by that of the machine that makes them, which may be hours off. The watch measures it about once a second; in between the monotonic
//! clock goes on. It is never ahead of the scripts' time, but behind by as long as an answer took: what was accepted comes after its id.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use domain::clock::Timestamp;
use domain::id::EventId;

use super::Store;

/// What the scripts' time was (ms), and when that was answered.
#[derive(Debug, Clone, Copy)]
struct Measured {
    time: u64,
    answered: Instant,
}

/// The scripts' time, as it was last measured.
#[derive(Debug, Default)]
pub(crate) struct ScriptClock(Mutex<Option<Measured>>);

impl ScriptClock {
    /// Takes what a script has just told.
    pub(crate) fn measure(&self, time: u64, answered: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Measured { time, answered });
    }

    /// The time now (ms); this machine's before the first measurement.
    pub(crate) fn at(&self, now: Instant) -> u64 {
        let measured = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Measured { time, answered }) = measured else {
            return Timestamp::now().as_millis();
        };
        let since = now.saturating_duration_since(answered).as_millis();
        time.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }
}

impl Store {
    /// An id for a new event.
    #[must_use]
    pub fn fresh_event(&self) -> EventId {
        EventId::new(self.clock().at(Instant::now()))
    }
}

#[cfg(test)]
mod tests;
