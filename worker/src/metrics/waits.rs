//! How long deliveries take from when their event was accepted.

use std::time::Duration;

use domain::clock::Timestamp;
use prometheus::{Histogram, HistogramOpts, IntCounter, Registry};
use store::queue::{Leased, Outcome};

use super::registered;

/// From a millisecond to a day.
const BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0,
    21600.0, 86400.0,
];

/// How long deliveries took, and how many came to an end without success.
#[derive(Debug, Clone)]
pub(crate) struct WaitMetrics {
    first_attempt: Histogram,
    delivered: Histogram,
    exhausted: IntCounter,
}

impl WaitMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let histogram = |name: &str, help: &str| {
            let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
            registered(registry, Histogram::with_opts(options))
        };
        Ok(Self {
            first_attempt: histogram(
                "first_attempt_after_seconds",
                "From when an event was accepted to when the first attempt of a delivery of it began, replays apart",
            )?,
            delivered: histogram(
                "delivered_after_seconds",
                "From when an event was accepted to when a delivery of it had succeeded, replays apart",
            )?,
            exhausted: registered(
                registry,
                IntCounter::new("exhausted_total", "Deliveries whose last attempt failed"),
            )?,
        })
    }

    /// Notes an attempt that took so long and ended `now`, by the time that events are dated with.
    pub(crate) fn attempted(&self, leased: &Leased, outcome: &Outcome, took: Duration, now: Timestamp) {
        if matches!(outcome, Outcome::Failed { retry_in: None, .. }) {
            self.exhausted.inc();
        }
        // A replay is of an event that may be days old.
        if leased.delivery.is_replay() {
            return;
        }
        let since = now.as_millis().saturating_sub(leased.event.id.time().as_millis());
        let since = Duration::from_millis(since);
        if leased.is_first(outcome) {
            self.first_attempt
                .observe(since.saturating_sub(took).as_secs_f64());
        }
        if matches!(outcome, Outcome::Succeeded(_)) {
            self.delivered.observe(since.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests;
