//! How long the calls of a script take, and how many fail: for the programs' metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::StoreError;

/// What calls are sorted by: how many took no longer than this.
const BOUNDS: [Duration; 6] = [
    Duration::from_millis(1),
    Duration::from_millis(4),
    Duration::from_millis(16),
    Duration::from_millis(64),
    Duration::from_millis(256),
    Duration::from_millis(1000),
];

/// The calls of a script by this process.
#[derive(Debug)]
pub(crate) struct Calls {
    /// How many took longer than the bound before and no longer than this one; the last, longer than all.
    took: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
    failed: AtomicU64,
}

/// What is known of a script's calls by this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptCalls {
    /// The script's name.
    pub script: &'static str,
    /// How many took no longer than each of some bounds.
    pub within: [(Duration, u64); BOUNDS.len()],
    /// How many there were.
    pub count: u64,
    /// How long all took together.
    pub took: Duration,
    /// How many failed: Redis didn't answer, or refused. What a script itself says no to is an answer.
    pub failed: u64,
}

impl Calls {
    pub(crate) const fn new() -> Self {
        Self {
            took: [const { AtomicU64::new(0) }; BOUNDS.len() + 1],
            micros: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Notes a call.
    pub(super) fn note(&self, took: Duration, error: Option<&StoreError>) {
        let place = BOUNDS.iter().take_while(|bound| took > **bound).count();
        self.took[place].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        if error.is_some_and(is_failure) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What is known of the calls of `script`; `None` if there was none.
    pub(crate) fn seen(&self, script: &'static str) -> Option<ScriptCalls> {
        let mut count = 0;
        let mut add = |took: &AtomicU64| {
            count += took.load(Ordering::Relaxed);
            count
        };
        let within = std::array::from_fn(|place| (BOUNDS[place], add(&self.took[place])));
        add(&self.took[BOUNDS.len()]);
        (count > 0).then(|| ScriptCalls {
            script,
            within,
            count,
            took: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
            failed: self.failed.load(Ordering::Relaxed),
        })
    }
}

const fn is_failure(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unavailable(_)
            | StoreError::OutOfMemory
            | StoreError::Unsafe(_)
            | StoreError::Unexpected(_)
    )
}

#[cfg(test)]
mod tests;
