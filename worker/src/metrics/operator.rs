//! What telling the operator counts.

use prometheus::{IntCounter, IntGauge, Registry};
use store::operator_events::OperatorEvents;

use super::registered;

/// The events about accounts that the operator is told, as this worker sees them.
#[derive(Debug, Clone)]
pub(crate) struct OperatorMetrics {
    /// Events that this worker sent.
    pub(crate) sent: IntCounter,
    /// Attempts of it that failed.
    pub(crate) failed: IntCounter,
    /// Events that wait.
    waiting: IntGauge,
    /// Events that were dropped, because too many waited.
    dropped: IntGauge,
}

impl OperatorMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| registered(registry, IntCounter::new(name, help));
        let gauge = |name: &str, help: &str| registered(registry, IntGauge::new(name, help));
        Ok(Self {
            sent: counter(
                "operator_events_sent_total",
                "Events about accounts that OPERATOR_EVENTS_URL took from this worker",
            )?,
            failed: counter(
                "operator_events_failed_total",
                "Attempts to send one that failed; each is sent until it is taken",
            )?,
            waiting: gauge(
                "operator_events_waiting",
                "Events about accounts that wait for OPERATOR_EVENTS_URL",
            )?,
            dropped: gauge(
                "operator_events_dropped",
                "Events about accounts that were dropped since the store was made, because more than 64 MiB waited",
            )?,
        })
    }

    /// Notes what waits.
    pub(crate) fn seen(&self, events: &OperatorEvents) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.waiting.set(number(events.waiting));
        self.dropped.set(number(events.dropped));
    }
}
