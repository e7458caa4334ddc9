//! Since when workers are too few: the signal to scale on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use prometheus::{Gauge, Registry};
use store::shards::Shard;

/// For how long, without a break, something has been due that this worker had no room for.
///
/// As long as any worker has room, it takes all that is due, and its own value is 0: the *lowest* value of all workers is that of the
/// system, and the oldest due delivery has waited for about as long.
#[derive(Debug, Clone)]
pub(crate) struct DueMetrics {
    seconds: Gauge,
    /// In which shards, since when.
    since: Arc<Mutex<BTreeMap<u16, Instant>>>,
}

impl DueMetrics {
    /// Nothing waits.
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let seconds = Gauge::new(
            "due_for_seconds",
            "For how long, without a break, something has been due that this worker had no room for: take the lowest of all workers",
        );
        Ok(Self {
            seconds: super::registered(registry, seconds)?,
            since: Arc::default(),
        })
    }

    /// Notes whether a call for work of a shard left something that is due.
    pub(crate) fn left(&self, shard: Shard, something: bool, now: Instant) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if something {
            since.entry(shard.number).or_insert(now);
        } else {
            since.remove(&shard.number);
        }
    }

    /// Brings the metric up to date. A drained worker takes nothing and knows nothing: it says +Inf, so that the lowest value is that of
    /// the others.
    pub(crate) fn measure(&self, now: Instant, is_drained: bool) {
        if is_drained {
            self.seconds.set(f64::INFINITY);
            return;
        }
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let since = since.values().min().copied();
        self.seconds
            .set(since.map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64()));
    }
}

#[cfg(test)]
mod tests;
