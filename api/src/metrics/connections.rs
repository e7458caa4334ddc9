//! The connections of the server for customers and backends.

use prometheus::{IntGauge, Registry};
use serve::OpenConnections;

pub(super) fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many there are, and may be.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    open: OpenConnections,
    shown: IntGauge,
    limit: IntGauge,
}

impl Connections {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        Ok(Self {
            open: OpenConnections::default(),
            shown: IntGauge::new("webhooks_api_connections", "Connections of clients.")?,
            limit: IntGauge::new("webhooks_api_connections_limit", "How many there may be.")?,
        })
    }

    pub(super) fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        registry.register(Box::new(self.shown.clone()))?;
        registry.register(Box::new(self.limit.clone()))
    }

    /// What counts those of a server that may have so many.
    pub(super) fn counted(&self, most: usize) -> OpenConnections {
        self.limit.set(as_gauge(most));
        self.open.clone()
    }

    /// Brings the gauge up to date.
    pub(super) fn show(&self) {
        self.shown.set(as_gauge(self.open.count()));
    }
}
