//! How fast a client sends a body, or takes an answer. Pure.

use std::time::{Duration, Instant};

/// What has gone through a connection since we began to wait for its client.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    since: Instant,
    bytes: u64,
}

impl Pace {
    /// We wait from now on.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self { since: now, bytes: 0 }
    }

    /// So much went through.
    pub const fn went(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    /// From when on the client is slower than `rate` (bytes a second), after a start of `grace`.
    #[must_use]
    pub fn behind_from(&self, grace: Duration, rate: u64) -> Instant {
        self.since + grace + time_for(self.bytes, rate)
    }
}

/// How long `bytes` take at `rate` bytes a second, at most a day.
fn time_for(bytes: u64, rate: u64) -> Duration {
    let micros = bytes.saturating_mul(1_000_000) / rate.max(1);
    Duration::from_micros(micros).min(Duration::from_secs(86_400))
}

#[cfg(test)]
mod tests;
