//! `check`: does the stored state agree with itself?
//!
//! A walk reads everything, in bounded steps, into a [`Snapshot`]; [`judge`] finds what breaks an invariant of
//! docs/ARCHITECTURE.md. On a live system a walk sees different keys at different moments, so what it finds is only
//! believed if two later walks find the very same. It writes nothing.

mod finished;
mod judge;
mod snapshot;
mod walk;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

pub use finished::{Finished, FinishedEntry};
pub use judge::judge;
pub use snapshot::{EndpointRow, EventRow, Place, RecordRow, ReplayRow, Snapshot};

use super::{Store, StoreError};

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The key that it shows on, without the shard's prefix.
    pub key: String,
    /// What is wrong, with the numbers.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.key, self.what)
    }
}

/// What a check looked at and found.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// Endpoints seen.
    pub endpoints: usize,
    /// Events seen, those that are only kept for a while included.
    pub events: usize,
    /// Unfinished deliveries.
    pub unfinished: usize,
    /// What is wrong, sorted by key.
    pub violations: Vec<Violation>,
}

/// How long to wait before what was found is looked at again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Store {
    /// Checks the invariants of the stored state.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn check(&self) -> Result<CheckReport, StoreError> {
        self.check_telling(&|_| {}).await
    }

    /// The same; tells now and then how many keys have been read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn check_telling(&self, progress: &(dyn Fn(usize) + Sync)) -> Result<CheckReport, StoreError> {
        let mut believed: Option<BTreeSet<Violation>> = None;
        let mut report = CheckReport::default();
        for _ in 0..3 {
            let snapshot = self.snapshot(progress).await?;
            let found: BTreeSet<_> = judge(&snapshot).into_iter().collect();
            report.endpoints = snapshot.endpoints.len();
            report.events = snapshot.events.len();
            report.unfinished = snapshot
                .places
                .values()
                .filter(|places| places.iter().any(Place::is_unfinished))
                .count();
            let both: BTreeSet<_> = match believed {
                Some(before) => before.intersection(&found).cloned().collect(),
                None => found,
            };
            let is_clean = both.is_empty();
            believed = Some(both);
            if is_clean {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        report.violations = believed.unwrap_or_default().into_iter().collect();
        Ok(report)
    }
}
