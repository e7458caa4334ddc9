//! What the latest check of a shard found, for whoever asks whether anything is lost and can't wait for another one. The check itself writes
//! nothing: whoever ran it may note this.

use std::collections::HashMap;
use std::time::Duration;

use domain::clock::Timestamp;

use super::CheckReport;
use crate::scripts::script;
use crate::{Store, StoreError};

script! {
    /// Keeps what a check found.
    "check_note": AllowOom, Writes, needs [BASE];
    struct CheckNote {
        violations: usize,
        unfinished: usize,
        took: Duration
    } -> ()
}

/// A check that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCheck {
    /// When it ended.
    pub at: Timestamp,
    /// How many violations it found.
    pub violations: u64,
    /// How many unfinished deliveries it read.
    pub unfinished: u64,
    /// How long it took.
    pub took: Duration,
}

impl Store {
    /// Keeps what a check of this shard found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the user may not write.
    pub async fn note_check(&self, report: &CheckReport) -> Result<(), StoreError> {
        self.call(&CheckNote {
            violations: report.violations.len(),
            unfinished: report.unfinished,
            took: report.took,
        })
        .await
    }

    /// The latest check of this shard that was noted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn last_check(&self) -> Result<Option<LastCheck>, StoreError> {
        let mut read = redis::cmd("HGETALL");
        let found: HashMap<String, String> = self
            .query(read.arg(self.keys().key("checked")))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(HashMap::new()))?;
        let number = |name: &str| found.get(name).and_then(|text| text.parse::<u64>().ok());
        let at = number("at").and_then(|ms| Timestamp::from_millis(i64::try_from(ms).ok()?));
        Ok(at.map(|at| LastCheck {
            at,
            violations: number("violations").unwrap_or(0),
            unfinished: number("unfinished").unwrap_or(0),
            took: Duration::from_millis(number("took").unwrap_or(0)),
        }))
    }
}
