//! What Prometheus sees of this program. Operators rely on the names: a test compares them with a list.

mod connections;

use std::time::Duration;

use exposition::Exposition;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use serve::OpenConnections;
use store::Turn;
use traces::Counted;

use self::connections::{Connections, as_gauge};

/// The counters of one API process.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    events: IntCounterVec,
    deliveries: IntCounter,
    auth_failures: IntCounterVec,
    streams: IntGauge,
    shards: IntGaugeVec,
    store_rewinds: IntCounter,
    failovers: IntCounter,
    failover_lost_writes: IntCounter,
    spans: IntCounterVec,
    connections: Connections,
    exposition: Exposition,
}

/// Upper bounds of the latency histogram, in seconds.
const BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 2.0, 10.0,
];

impl Metrics {
    /// Makes the counters, all at zero.
    ///
    /// # Errors
    ///
    /// When two metrics have the same name, which would be a mistake in this file.
    pub fn new() -> Result<Self, prometheus::Error> {
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("webhooks_api_http_requests_total", "HTTP requests answered."),
                &["route", "method", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "webhooks_api_http_request_duration_seconds",
                    "Time from a request's head to its answer.",
                )
                .buckets(BUCKETS.to_vec()),
                &["route", "method"],
            )?,
            in_flight: IntGauge::new(
                "webhooks_api_http_requests_in_flight",
                "HTTP requests that are being worked on.",
            )?,
            events: IntCounterVec::new(
                Opts::new("webhooks_api_events_total", "Events by what became of them."),
                &["result"],
            )?,
            deliveries: IntCounter::new(
                "webhooks_api_deliveries_total",
                "Deliveries made of accepted events.",
            )?,
            auth_failures: IntCounterVec::new(
                Opts::new(
                    "webhooks_api_auth_failures_total",
                    "Requests refused for their token.",
                ),
                &["reason"],
            )?,
            streams: IntGauge::new("webhooks_api_streams_open", "Live streams that are being sent.")?,
            shards: IntGaugeVec::new(
                Opts::new(
                    "webhooks_api_shard_ready",
                    "Whether the calls for a shard's accounts can be served.",
                ),
                &["shard"],
            )?,
            store_rewinds: IntCounter::new(
                "webhooks_api_store_rewinds_total",
                "Times that the store was found to be older than it was.",
            )?,
            failovers: IntCounter::new(
                "webhooks_api_store_failovers_total",
                "Times that the sentinels named another primary.",
            )?,
            failover_lost_writes: IntCounter::new(
                "webhooks_api_store_failover_lost_writes_total",
                "Seconds of a program's writing that new primaries lacked after failovers.",
            )?,
            spans: IntCounterVec::new(
                Opts::new(
                    "webhooks_api_trace_spans_total",
                    "Parts of traces by what became of them.",
                ),
                &["result"],
            )?,
            connections: Connections::new()?,
            exposition: Exposition::new(env!("CARGO_PKG_VERSION")),
        };
        metrics.connections.register(&metrics.registry)?;
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.durations.clone()))?;
        metrics.registry.register(Box::new(metrics.in_flight.clone()))?;
        metrics.registry.register(Box::new(metrics.events.clone()))?;
        metrics.registry.register(Box::new(metrics.deliveries.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.auth_failures.clone()))?;
        metrics.registry.register(Box::new(metrics.streams.clone()))?;
        metrics.registry.register(Box::new(metrics.shards.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.store_rewinds.clone()))?;
        metrics.registry.register(Box::new(metrics.failovers.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.failover_lost_writes.clone()))?;
        metrics.registry.register(Box::new(metrics.spans.clone()))?;
        for counted in [Counted::Exported, Counted::Dropped] {
            metrics.spans(counted, 0);
        }
        for result in EventResult::ALL {
            metrics.events.with_label_values(&[result.as_str()]).inc_by(0);
        }
        Ok(metrics)
    }

    /// A request has come; [`Self::request_left`] must follow.
    pub fn request_began(&self) {
        self.in_flight.inc();
    }

    /// A request is no longer in flight, whether or not it got an answer.
    pub fn request_left(&self) {
        self.in_flight.dec();
    }

    /// We answered a request.
    pub fn request_ended(&self, route: &str, method: &str, status: &str, took: Duration) {
        self.requests.with_label_values(&[route, method, status]).inc();
        self.durations
            .with_label_values(&[route, method])
            .observe(took.as_secs_f64());
    }

    /// A backend pushed an event.
    pub fn event(&self, result: EventResult) {
        self.events.with_label_values(&[result.as_str()]).inc();
    }

    /// An accepted event became so many deliveries.
    pub fn deliveries(&self, count: u32) {
        self.deliveries.inc_by(u64::from(count));
    }

    /// We refused a request for its token.
    pub fn auth_failure(&self, reason: &str) {
        self.auth_failures.with_label_values(&[reason]).inc();
    }

    /// What became of parts of traces.
    pub fn spans(&self, counted: Counted, number: u64) {
        self.spans.with_label_values(&[counted.as_str()]).inc_by(number);
    }

    /// So many live streams are open now.
    pub fn streams_open(&self, count: usize) {
        self.streams.set(as_gauge(count));
    }

    /// What counts the connections of a server that may have so many.
    #[must_use]
    pub fn connections(&self, most: usize) -> OpenConnections {
        self.connections.counted(most)
    }

    /// Whether each of the shards, from the first on, can be used now.
    pub fn shards_ready(&self, each: impl IntoIterator<Item = bool>) {
        for (number, is_ready) in each.into_iter().enumerate() {
            let shard = self.shards.with_label_values(&[number.to_string()]);
            shard.set(i64::from(is_ready));
        }
    }

    /// The store turned out to be older than it was, or is on another server.
    pub fn store_turned(&self, turn: Turn) {
        match turn {
            Turn::Rewound => self.store_rewinds.inc(),
            Turn::FailedOver => self.failovers.inc(),
            Turn::LostWrites(writes) => self.failover_lost_writes.inc_by(writes),
        }
    }

    /// All metrics in Prometheus's text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        self.connections.show();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics could not be written");
        }
        text.extend(self.exposition.page(None).into_bytes());
        String::from_utf8(text).unwrap_or_default()
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventResult {
    /// It is in Redis.
    Accepted,
    /// It repeats an earlier one.
    Duplicate,
    /// We refused it: the backend has to change something, or to wait.
    Rejected,
    /// We failed: Redis did, or the program itself.
    Failed,
}

impl EventResult {
    const ALL: [Self; 4] = [Self::Accepted, Self::Duplicate, Self::Rejected, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests;
