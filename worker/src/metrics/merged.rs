//! Gauges of what each shard has for itself.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus::Gauge;
use store::shards::Shard;

/// A gauge that shows the values of all shards in one.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    gauge: Gauge,
    merge: fn(&[f64]) -> f64,
    values: Arc<Mutex<Vec<f64>>>,
}

impl Merged {
    /// Shows the highest.
    pub(super) fn highest(gauge: Gauge) -> Self {
        Self::by(gauge, |values| values.iter().copied().fold(0.0, f64::max))
    }

    /// Shows the sum.
    pub(super) fn sum(gauge: Gauge) -> Self {
        Self::by(gauge, |values| values.iter().sum())
    }

    fn by(gauge: Gauge, merge: fn(&[f64]) -> f64) -> Self {
        Self {
            gauge,
            merge,
            values: Arc::default(),
        }
    }

    /// Sets the value of a shard.
    pub(crate) fn set(&self, shard: Shard, value: f64) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.resize(shard.of.into(), 0.0);
        values[usize::from(shard.number)] = value;
        self.gauge.set((self.merge)(&values));
    }
}
