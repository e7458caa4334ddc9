//! What became of parts of traces.

use prometheus::{IntCounterVec, Opts, Registry};
use traces::Counted;

/// Their counters.
#[derive(Debug, Clone)]
pub(crate) struct SpanMetrics(IntCounterVec);

impl SpanMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let help = "Parts of traces by what became of them";
        let spans = IntCounterVec::new(Opts::new("trace_spans_total", help), &["result"])?;
        registry.register(Box::new(spans.clone()))?;
        let metrics = Self(spans);
        for counted in [Counted::Exported, Counted::Dropped] {
            metrics.add(counted, 0);
        }
        Ok(metrics)
    }

    /// This became of so many.
    pub(crate) fn add(&self, counted: Counted, number: u64) {
        self.0.with_label_values(&[counted.as_str()]).inc_by(number);
    }
}
