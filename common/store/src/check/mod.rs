//! `check`: does the stored state agree with itself?
//!
//! A walk reads everything, in bounded steps, into a [`Snapshot`]; [`broken_rules`] finds what breaks an invariant of
//! docs/ARCHITECTURE.md or a promise of docs/guarantees.md. On a live system a walk sees different keys at different moments,
//! so the check believes only what four later walks find, too, in the very same words. Each of them reads everything: whatever
//! a violation depends on (an event's deliveries, an account's events) may be in any key. The check writes nothing.
//!
//! - `kinds`: every kind of key, how to read it, and the function of `put` that adds it to the snapshot; a new key is a row.
//! - `walk` goes through all keys, many in a round trip; `look` has the commands for one.
//! - `snapshot`: what a walk saw, in `rows`; `ids` and `places` keep it small; `finished`: the index of finished events.
//! - `noted`: what the latest one found.
//! - `moving`: what the rules don't look at: accounts on their way to another shard.
//! - `remedy`: what can be done about a violation.
//! - `rules`: what must hold; a new rule is a function and a row. `standing`: what takes several looks to see.

mod finished;

mod history;
mod ids;
mod kinds;
mod look;
mod moving;
mod noted;
mod places;
mod put;
mod remedy;
mod rows;
mod rules;
mod snapshot;
mod standing;
mod take;
mod walk;

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

pub use finished::{Finished, FinishedEntry};
pub use ids::{DeliveryKey, EndpointKey, EventKey};
pub(crate) use noted::CheckNote;
pub use noted::LastCheck;
pub use places::{Place, Places};
pub use remedy::{Aspect, Mend, Remedy};
pub use rows::{EndpointRow, EventRow, RecordRow, ReplayRow};
pub use rules::broken_rules;
pub use snapshot::{Names, Snapshot, Stats};

use super::{Store, StoreError};

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The key that shows it, without the shard's prefix.
    pub key: String,
    /// What is wrong, with the numbers.
    pub what: String,
    /// What can be done about it.
    pub mend: Mend,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.key, self.what)
    }
}

/// What a check read and found.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// How many endpoints it read.
    pub endpoints: usize,
    /// How many events it read, finished ones included.
    pub events: usize,
    /// How many unfinished deliveries it read.
    pub unfinished: usize,
    /// How many keys it read.
    pub keys: usize,
    /// How often it read everything: once if nothing looked wrong.
    pub walks: u32,
    /// How long all of that took.
    pub took: Duration,
    /// The promises that it checked.
    pub promises: Vec<&'static str>,
    /// What is wrong, sorted by key.
    pub violations: Vec<Violation>,
}

/// How many walks must find a violation. After fewer, the numbers of a busy endpoint may be wrong in the same way by chance.
const WALKS: u32 = 5;

impl CheckReport {
    /// Whether the store was empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.endpoints == 0 && self.events == 0 && self.unfinished == 0 && self.violations.is_empty()
    }
}

/// How long to wait before the next walk.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Store {
    /// Checks the invariants of the stored state.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn check(&self) -> Result<CheckReport, StoreError> {
        self.check_with_progress(&|_| {}).await
    }

    /// Like [`Store::check`]; tells `progress` now and then how many keys it has read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn check_with_progress(
        &self,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<CheckReport, StoreError> {
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
            let found: BTreeSet<_> = broken_rules(&snapshot).into_iter().collect();
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
        report.promises = rules::RULES.iter().map(|rule| rule.promise).collect();
        Ok(report)
    }
}
