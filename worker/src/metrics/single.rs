//! Single metrics that take some words to make.

use prometheus::{Gauge, Histogram, HistogramOpts, IntGaugeVec, Opts, Registry};

use super::registered;

const DURATION_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

pub(super) fn duration(registry: &Registry) -> Result<Histogram, prometheus::Error> {
    let options = HistogramOpts::new("attempt_duration_seconds", "How long attempts took");
    registered(
        registry,
        Histogram::with_opts(options.buckets(DURATION_BUCKETS.to_vec())),
    )
}

pub(super) fn lacks(registry: &Registry) -> Result<IntGaugeVec, prometheus::Error> {
    let help = "1 while the worker can't work for want of something, by what";
    registered(registry, IntGaugeVec::new(Opts::new("lacks", help), &["need"]))
}

pub(super) fn skew(registry: &Registry) -> Result<Gauge, prometheus::Error> {
    let help = "By how much the clock of this machine is ahead of Redis's";
    registered(registry, Gauge::new("clock_skew_seconds", help))
}
