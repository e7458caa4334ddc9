//! Percentiles of one run, and what several runs have in common.

use serde::{Deserialize, Serialize};

/// How long something took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// The number of samples.
    pub(crate) count: usize,
    /// The median.
    pub(crate) p50: f64,
    /// 95 of 100 took no longer.
    pub(crate) p95: f64,
    /// 99 of 100 took no longer.
    pub(crate) p99: f64,
    /// The longest.
    pub(crate) max: f64,
}

/// Of samples in microseconds; `None` where there are none. Exact: every sample counts.
pub(crate) fn latency(mut samples: Vec<u32>) -> Option<Latency> {
    samples.sort_unstable();
    let at = |percent: usize| {
        // The nearest rank: the smallest sample that `percent` of all don't exceed.
        let rank = (samples.len() * percent).div_ceil(100).max(1);
        samples.get(rank - 1).map(|micros| f64::from(*micros) / 1000.0)
    };
    Some(Latency {
        count: samples.len(),
        p50: at(50)?,
        p95: at(95)?,
        p99: at(99)?,
        max: at(100)?,
    })
}

/// The middle and the ends of some runs' values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// The median.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) low: f64,
    /// The highest.
    pub(crate) high: f64,
}

/// Of the values of some runs; `None` where there are none.
pub(crate) fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (*values.first()?, *values.last()?);
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    };
    Some(Spread { median, low, high })
}

#[cfg(test)]
mod tests;
