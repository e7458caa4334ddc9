//! What telling the operator counts.

use prometheus::{Gauge, IntCounter, Registry};
use store::operator_events::OperatorEvents;
use store::shards::Shard;

use super::merged::Merged;
use super::registered;

/// The events about accounts that the operator is told, as this worker sees them.
#[derive(Debug, Clone)]
pub(crate) struct OperatorMetrics {
    /// Events that this worker sent.
    pub(crate) sent: IntCounter,
    /// Attempts of it that failed.
    pub(crate) failed: IntCounter,
    /// Events that wait.
    waiting: Merged,
    /// Events that were dropped, because too many waited.
    dropped: Merged,
}

impl OperatorMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| registered(registry, IntCounter::new(name, help));
        let sum = |name: &str, help: &str| registered(registry, Gauge::new(name, help)).map(Merged::sum);
        Ok(Self {
            sent: counter(
                "operator_events_sent_total",
                "Events about accounts that OPERATOR_EVENTS_URL took from this worker",
            )?,
            failed: counter(
                "operator_events_failed_total",
                "Attempts to send one that failed; each is sent until it is taken",
            )?,
            waiting: sum(
                "operator_events_waiting",
                "Events about accounts that wait for OPERATOR_EVENTS_URL",
            )?,
            dropped: sum(
                "operator_events_dropped",
                "Events about accounts that were dropped since the store was made, because more than 64 MiB waited",
            )?,
        })
    }

    /// Notes what waits in a shard.
    #[expect(clippy::cast_precision_loss, reason = "as exact as a metric can be")]
    pub(crate) fn seen(&self, shard: Shard, events: &OperatorEvents) {
        self.waiting.set(shard, events.waiting as f64);
        self.dropped.set(shard, events.dropped as f64);
    }
}
