//! When to repeat a message about something that keeps happening, so that a log of thousands of deliveries a second
//! stays readable.

use std::time::{Duration, Instant};

/// Limits one message to one occurrence per pause, and counts what went unsaid in between.
///
/// It decides only; whoever asks writes the message.
#[derive(Debug, Clone)]
pub struct Seldom {
    pause: Duration,
    last_said: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    /// A message that is said at once the first time, and then at most once per `pause`.
    #[must_use]
    pub const fn every(pause: Duration) -> Self {
        Self {
            pause,
            last_said: None,
            unsaid: 0,
        }
    }

    /// Notes that it happened once. Returns whether to say so now.
    pub fn is_due(&mut self, now: Instant) -> bool {
        self.add(1, now).is_some()
    }

    /// Whether the message was not said within the last pause.
    #[must_use]
    pub fn has_rested(&self, now: Instant) -> bool {
        self.last_said
            .is_none_or(|said| now.saturating_duration_since(said) >= self.pause)
    }

    /// Notes that it happened `times` more. Returns how often it has happened since the message was last said, if it
    /// has and the message is due; the count then starts again.
    pub fn add(&mut self, times: u64, now: Instant) -> Option<u64> {
        self.unsaid = self.unsaid.saturating_add(times);
        if self.unsaid == 0 || !self.has_rested(now) {
            return None;
        }
        self.last_said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests;
