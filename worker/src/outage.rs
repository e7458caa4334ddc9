//! Redis outages: the log says once when one begins and once when it ends, and `/readyz` says so in between.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::seldom::Seldom;
use prometheus::IntCounter;
use store::StoreError;

/// How often the log repeats an error that is no outage.
const REPEAT_AFTER: Duration = Duration::from_secs(30);

/// The wait after the first failure, and the longest one.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Why the worker is not ready, if it isn't.
#[derive(Debug, Clone)]
pub(crate) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    /// Not ready, for this reason.
    pub(crate) fn new(reason: &str) -> Self {
        Self(Arc::new(Mutex::new(Some(reason.to_owned()))))
    }

    /// The reason why the worker is not ready.
    pub(crate) fn reason(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets or clears the reason.
    pub(crate) fn set(&self, reason: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

/// An outage as one task sees it.
#[derive(Debug)]
pub(crate) struct Outage {
    task: &'static str,
    errors: IntCounter,
    trouble: Option<Trouble>,
    since: Option<Instant>,
    tries: u32,
    unexpected: Seldom,
}

impl Outage {
    /// No outage yet. A task that has `trouble` speaks for the whole worker, in the log and on `/readyz`.
    pub(crate) fn new(task: &'static str, errors: IntCounter, trouble: Option<Trouble>) -> Self {
        Self {
            task,
            errors,
            trouble,
            since: None,
            tries: 0,
            unexpected: Seldom::every(REPEAT_AFTER),
        }
    }

    /// Notes that a call failed. Returns how long to wait before the next try.
    pub(crate) fn failed(&mut self, error: &StoreError) -> Duration {
        self.errors.inc();
        let now = Instant::now();
        if let Some(trouble) = &self.trouble {
            trouble.set(Some(error.to_string()));
        }
        match error {
            StoreError::Unavailable(_) | StoreError::OutOfMemory => {
                if self.since.is_none() && self.trouble.is_some() {
                    tracing::warn!(%error, "Redis does not answer; waiting for it, nothing is lost meanwhile");
                }
            }
            // The store's watch logs it.
            StoreError::Replaced(_) => {}
            StoreError::Unsafe(_)
            | StoreError::Unexpected(_)
            | StoreError::UpgradePending(_)
            | StoreError::BeingErased(_)
            | StoreError::Misplaced(_)
            | StoreError::AccountMoving(_)
            | StoreError::AccountMoved(_) => {
                if self.unexpected.is_due(now) {
                    tracing::error!(task = self.task, %error, "Redis gave an answer that was not expected; trying again");
                }
            }
        }
        self.since.get_or_insert(now);
        let wait = FIRST_WAIT
            .saturating_mul(1 << self.tries.min(10))
            .min(LONGEST_WAIT);
        self.tries += 1;
        wait
    }

    /// Notes that a call succeeded.
    pub(crate) fn over(&mut self) {
        self.tries = 0;
        let Some(since) = self.since.take() else { return };
        if let Some(trouble) = &self.trouble {
            trouble.set(None);
            tracing::info!(seconds = since.elapsed().as_secs_f32(), "Redis answers again");
        }
    }
}

#[cfg(test)]
mod tests;
