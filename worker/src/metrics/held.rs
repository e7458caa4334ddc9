//! What this worker holds at the moment, and may hold.

use prometheus::{IntGauge, Registry};

use super::registered;

/// What this worker holds.
#[derive(Debug, Clone)]
pub(crate) struct HeldMetrics {
    /// Deliveries.
    pub(crate) deliveries: IntGauge,
    /// How many it may hold.
    pub(crate) slots: IntGauge,
    /// Bytes of their payloads.
    pub(crate) bytes: IntGauge,
    /// How many it may hold.
    pub(crate) most_bytes: IntGauge,
}

impl HeldMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| registered(registry, IntGauge::new(name, help));
        Ok(Self {
            deliveries: gauge("in_flight", "Deliveries that this worker holds")?,
            slots: gauge("slots", "Deliveries that this worker may hold")?,
            bytes: gauge("payload_bytes", "Bytes of payloads that this worker holds")?,
            most_bytes: gauge(
                "payload_bytes_limit",
                "Bytes of payloads that this worker may hold",
            )?,
        })
    }
}
