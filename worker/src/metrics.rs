//! What is counted, for Prometheus. The names are a contract: `metrics.txt` lists them.

mod due;

mod held;

mod history;

mod merged;

mod operator;

mod single;

mod spans;

mod store;

mod waits;

use domain::delivery::Failure;
use prometheus::{
    Encoder as _, Gauge, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::fault::{Need, NotAttempted};

pub(crate) use self::store::StoreMetrics;
use due::DueMetrics;
use exposition::{Exposition, Queues};
use held::HeldMetrics;
pub(crate) use history::{HistoryMetrics, LOGS, PAYLOADS};
pub(crate) use operator::OperatorMetrics;
use single::{duration, lacks, skew};
use spans::SpanMetrics;
use waits::WaitMetrics;

/// Everything that one worker counts.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// Attempts by outcome: `succeeded`, or the code of the failure.
    pub(crate) attempts: IntCounterVec,
    /// How long attempts took.
    pub(crate) attempt_duration: Histogram,
    /// From when events were accepted.
    pub(crate) waits: WaitMetrics,
    /// What this worker holds.
    pub(crate) held: HeldMetrics,
    /// What it has seen of the store, if it looks.
    pub(crate) queues: Queues,
    exposition: Exposition,
    /// For how long something has been due that it had no room for.
    pub(crate) due: DueMetrics,
    /// Deliveries that were leased to this worker.
    pub(crate) fetched: IntCounter,
    /// Those of them that were suspects (quarantined deliveries).
    pub(crate) suspects_fetched: IntCounter,
    /// Leases that ended without an attempt, by reason.
    pub(crate) given_back: IntCounterVec,
    /// Whether this worker lacks something without which it can't work, by what.
    pub(crate) lacks: IntGaugeVec,
    /// Attempts that ended without an outcome.
    pub(crate) crashed: IntCounter,
    /// Test events by outcome: `succeeded`, the code of the failure, or `not_attempted`.
    pub(crate) test_events: IntCounterVec,
    /// Reports that came too late.
    pub(crate) reports_stale: IntCounter,
    /// Endpoints that an attempt of this worker disabled.
    pub(crate) endpoints_disabled: IntCounter,
    /// Expired leases that were taken back.
    pub(crate) leases_reaped: IntCounter,
    /// Deliveries that upkeep worked through.
    pub(crate) deliveries_swept: IntCounter,
    /// Payloads of finished events that were let go of, by reason.
    pub(crate) payloads_released: IntCounterVec,
    /// Their bytes.
    pub(crate) payload_bytes_released: IntCounterVec,
    /// What was packed.
    pub(crate) history: HistoryMetrics,
    /// What the operator is told.
    pub(crate) operator: OperatorMetrics,
    /// Failed calls to Redis, by call.
    pub(crate) redis_errors: IntCounterVec,
    /// Whether this worker's own network is down.
    pub(crate) egress_down: IntGauge,
    /// Strikes that were taken back, since that was so.
    pub(crate) strikes_taken_back: IntCounter,
    /// What became of the store.
    pub(crate) store: StoreMetrics,
    /// By how many seconds this machine's clock is ahead of Redis's.
    pub(crate) clock_skew: Gauge,
    /// What became of parts of traces.
    pub(crate) spans: SpanMetrics,
}

/// The label of an attempt that succeeded.
pub(crate) const SUCCEEDED: &str = "succeeded";

/// The outcome of an attempt whose receiver asked for a pause.
pub(crate) const HELD: &str = "held";

/// The label, and the code, of a test event that was not sent because of our own trouble.
pub(crate) const NOT_ATTEMPTED: &str = "not_attempted";

/// The label of payloads that were kept for as long as they had to be.
pub(crate) const AT_AGE: &str = "age";

/// The label of payloads that went earlier, to make room.
pub(crate) const UNDER_PRESSURE: &str = "pressure";

/// The label of exhausted payloads that went earlier, since their account had too many.
pub(crate) const OVER_BUDGET: &str = "budget";

impl Metrics {
    /// New counters, all at zero.
    ///
    /// # Errors
    ///
    /// When two have the same name, which a test rules out.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("webhooks_worker".to_owned()), None)?;
        let counter = |name: &str, help: &str| registered(&registry, IntCounter::new(name, help));
        let gauge = |name: &str, help: &str| registered(&registry, IntGauge::new(name, help));
        let family = |name: &str, help: &str, label: &str| {
            registered(&registry, IntCounterVec::new(Opts::new(name, help), &[label]))
        };
        let metrics = Self {
            attempts: family(
                "attempts_total",
                "Attempts by outcome: succeeded, or the code of the failure",
                "outcome",
            )?,
            attempt_duration: duration(&registry)?,
            waits: WaitMetrics::new(&registry)?,
            held: HeldMetrics::new(&registry)?,
            queues: Queues::default(),
            exposition: Exposition::new(env!("CARGO_PKG_VERSION")),
            due: DueMetrics::new(&registry)?,
            fetched: counter("fetched_total", "Deliveries that were leased to this worker")?,
            suspects_fetched: counter(
                "suspects_fetched_total",
                "Quarantined deliveries that were leased to this worker",
            )?,
            given_back: family(
                "given_back_total",
                "Leases given back without an attempt, by reason",
                "reason",
            )?,
            lacks: lacks(&registry)?,
            crashed: counter("crashed_total", "Attempts that ended without an outcome")?,
            test_events: family(
                "trials_total",
                "Test events by outcome: succeeded, the code of the failure, or not_attempted",
                "outcome",
            )?,
            reports_stale: counter(
                "reports_stale_total",
                "Reports that came after their lease was lost",
            )?,
            endpoints_disabled: counter("endpoints_disabled_total", "Endpoints that an attempt disabled")?,
            leases_reaped: counter("leases_reaped_total", "Expired leases that were taken back")?,
            deliveries_swept: counter(
                "deliveries_swept_total",
                "Deliveries released, canceled or aged out by upkeep",
            )?,
            payloads_released: family(
                "payloads_released_total",
                "Payloads of finished events that were let go of: at their age, early under the pressure of memory, or early since their account had too much exhausted (budget)",
                "reason",
            )?,
            payload_bytes_released: family(
                "payload_bytes_released_total",
                "Bytes of those payloads, with what surrounded them",
                "reason",
            )?,
            history: HistoryMetrics::new(&registry)?,
            operator: OperatorMetrics::new(&registry)?,
            redis_errors: family("redis_errors_total", "Failed calls to Redis, by call", "call")?,
            egress_down: gauge(
                "egress_down",
                "1 while nothing answers because this worker's own network or resolver is down",
            )?,
            strikes_taken_back: counter(
                "strikes_taken_back_total",
                "Strikes that were taken back, since this worker's own network was down",
            )?,
            store: StoreMetrics::new(&registry)?,
            clock_skew: skew(&registry)?,
            spans: SpanMetrics::new(&registry)?,
            registry,
        };
        metrics.begin();
        Ok(metrics)
    }

    /// Begins every series at zero, so that a rate over it has something to start from.
    fn begin(&self) {
        for outcome in Failure::ALL.map(Failure::code).into_iter().chain([SUCCEEDED]) {
            self.attempts.with_label_values(&[outcome]).reset();
            self.test_events.with_label_values(&[outcome]).reset();
        }
        self.attempts.with_label_values(&[HELD]).reset();
        self.test_events.with_label_values(&[NOT_ATTEMPTED]).reset();
        for reason in NotAttempted::GIVEN_BACK {
            self.given_back.with_label_values(&[reason]).reset();
        }
        for need in Need::ALL {
            self.lacks.with_label_values(&[need.name()]).set(0);
        }
        for reason in [AT_AGE, UNDER_PRESSURE, OVER_BUDGET] {
            self.payloads_released.with_label_values(&[reason]).reset();
            self.payload_bytes_released.with_label_values(&[reason]).reset();
        }
        for call in [
            "inspect", "work", "wake", "upkeep", "presence", "trials", "egress", "packing", "observer",
        ] {
            self.redis_errors.with_label_values(&[call]).reset();
        }
    }

    /// Everything in Prometheus's text format.
    ///
    /// # Errors
    ///
    /// When a metric can't be written, which a test rules out.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        text.extend(self.exposition.page(Some(&self.queues)).into_bytes());
        Ok(text)
    }
}

fn registered<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    made: Result<C, prometheus::Error>,
) -> Result<C, prometheus::Error> {
    let collector = made?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

#[cfg(test)]
mod tests;
