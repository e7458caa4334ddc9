//! `check`: does the stored state agree with itself?
//!
//! A walk reads everything, in bounded steps, into a [`Snapshot`]; [`judge`] finds what breaks an invariant of
//! docs/ARCHITECTURE.md or a promise of docs/guarantees.md. On a live system a walk sees different keys at different moments, so
//! what it finds is only believed if four later walks find the very same. Those read everything again: what a suspect depends on
//! (an event's deliveries, an account's events) may be anywhere. It writes nothing.
//!
//! - `kinds`: every kind of key, how it is read, and where that goes (`put`); a new key is a row.
//! - `walk`: all keys, many in one round trip; `look`: the commands for one.
//! - `snapshot`: what was seen; `ids` and `places` keep it small; `finished`: the index of what is finished.
//! - `judge`: the rules; a new one is a function and a row. `standing`: what no single look shows.

mod finished;
mod ids;
mod judge;
mod kinds;
mod look;
mod places;
mod put;
mod snapshot;
mod standing;
mod walk;

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

pub use finished::{Finished, FinishedEntry};
pub use ids::{DeliveryKey, EndpointKey, EventKey};
pub use judge::judge;
pub use places::{Place, Places};
pub use snapshot::{EndpointRow, EventRow, Names, RecordRow, ReplayRow, Snapshot, Stats};

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
    /// Keys seen.
    pub keys: usize,
    /// How often everything was read: once if nothing looked wrong.
    pub walks: u32,
    /// How long that took in all.
    pub took: Duration,
    /// The promises that were checked.
    pub promises: Vec<&'static str>,
    /// What is wrong, sorted by key.
    pub violations: Vec<Violation>,
}

/// What is found in so many walks is believed. Fewer tell of a busy endpoint whose small numbers happen to look alike.
const WALKS: u32 = 5;

impl CheckReport {
    /// Whether there was nothing to look at.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.endpoints == 0 && self.events == 0 && self.unfinished == 0 && self.violations.is_empty()
    }
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
        let started = Instant::now();
        let mut believed: Option<BTreeSet<Violation>> = None;
        let mut report = CheckReport::default();
        for _ in 0..WALKS {
            let snapshot = self.snapshot(progress).await?;
            report.walks += 1;
            report.keys = snapshot.keys;
            report.endpoints = snapshot.endpoints.len();
            report.events = snapshot.events.len();
            report.unfinished = snapshot.places.unfinished();
            let found: BTreeSet<_> = judge(&snapshot).into_iter().collect();
            let both: BTreeSet<_> = match believed {
                Some(before) => before.intersection(&found).cloned().collect(),
                None => found,
            };
            let is_certain = both.is_empty() || report.walks == WALKS;
            believed = Some(both);
            if is_certain {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        report.violations = believed.unwrap_or_default().into_iter().collect();
        report.violations.extend(self.standing_sweep().await?);
        report.took = started.elapsed();
        report.promises = judge::RULES.iter().map(|rule| rule.promise).collect();
        Ok(report)
    }
}
