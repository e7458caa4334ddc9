//! Waiting at start until the store can be used.

use std::time::{Duration, Instant};

use super::server::{Expectations, ServerReport};
use super::{Store, StoreError};

/// The pause after the first failed look, which doubles with each one more, and the longest pause.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How often a program should log that it still waits.
const LOG_EVERY: Duration = Duration::from_secs(15);

/// A look at the server failed; [`wait`] looks again.
#[derive(Debug)]
pub struct Failure<'a> {
    /// Why it failed.
    pub error: &'a StoreError,
    /// Whether to log it: true for the first failure, and then every 15 seconds.
    pub is_to_be_logged: bool,
}

/// This server must not be used: its settings would lose what it accepts, or another version wrote its data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", reasons.join("; "))]
pub struct Refused {
    /// Sentences that say what to do.
    pub reasons: Vec<String>,
}

/// Waits until Redis answers, checks that this program may use the server and its data, and meets the store (a first start
/// makes one). Logs nothing: the caller logs the failures and the report's warnings in its own words. Dropping the future
/// ends the wait.
///
/// That the server holds another store is not refused: [`Store::readiness`] tells it, and an operator may bring the data
/// back while the program runs.
///
/// # Errors
///
/// [`Refused`] when the server answers and must not be used.
pub async fn wait(
    store: &Store,
    expected: Expectations,
    mut on_failure: impl FnMut(Failure<'_>),
) -> Result<ServerReport, Refused> {
    let mut patience = Patience::default();
    loop {
        match store.inspect_server(expected, store.shards()).await {
            Ok(report) if report.refusals.is_empty() => return Ok(report),
            Ok(report) => {
                return Err(Refused {
                    reasons: report.refusals,
                });
            }
            Err(error) => {
                let is_to_be_logged = patience.is_to_be_logged(Instant::now());
                on_failure(Failure {
                    error: &error,
                    is_to_be_logged,
                });
                tokio::time::sleep(patience.pause()).await;
            }
        }
    }
}

/// How long to pause after a failure, and whether to log it.
#[derive(Debug, Default)]
struct Patience {
    pauses: u32,
    logged_at: Option<Instant>,
}

impl Patience {
    fn is_to_be_logged(&mut self, now: Instant) -> bool {
        let is_due = self
            .logged_at
            .is_none_or(|logged| now.saturating_duration_since(logged) >= LOG_EVERY);
        if is_due {
            self.logged_at = Some(now);
        }
        is_due
    }

    fn pause(&mut self) -> Duration {
        let pause = FIRST_PAUSE
            .saturating_mul(1 << self.pauses.min(10))
            .min(LONGEST_PAUSE);
        self.pauses = self.pauses.saturating_add(1);
        pause
    }
}

#[cfg(test)]
mod tests;
