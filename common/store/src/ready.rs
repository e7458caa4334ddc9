//! Waiting at start until the store can be used.

use std::time::{Duration, Instant};

use domain::seldom::Seldom;

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
/// A server that holds another store is not refused: [`Store::readiness`] says so, and an operator may bring the data back
/// while the program runs.
///
/// # Errors
///
/// [`Refused`] when the server answers and must not be used.
pub async fn wait(
    store: &Store,
    expected: &Expectations,
    mut on_failure: impl FnMut(Failure<'_>),
) -> Result<ServerReport, Refused> {
    let mut log = Seldom::every(LOG_EVERY);
    let mut failures = 0_u32;
    loop {
        match store.inspect_server(expected, store.shards()).await {
            Ok(report) if report.refusals.is_empty() => return Ok(report),
            Ok(report) => {
                return Err(Refused {
                    reasons: report.refusals,
                });
            }
            Err(error) => {
                on_failure(Failure {
                    error: &error,
                    is_to_be_logged: log.is_due(Instant::now()),
                });
                tokio::time::sleep(pause_after(failures)).await;
                failures = failures.saturating_add(1);
            }
        }
    }
}

/// The pause after a failure: it doubles with each one that came before, up to [`LONGEST_PAUSE`].
fn pause_after(failures: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << failures.min(10))
        .min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
