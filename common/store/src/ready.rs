//! Waiting at start until the store can be used: first until its shards are known, and then for each of them.

use std::time::{Duration, Instant};

use domain::seldom::Seldom;

use super::server::{Expectations, ServerReport};
use super::settings::{InvalidRedis, RedisArgs};
use super::shards::{FindError, Shards};
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
#[error("{}", named(reasons))]
pub struct Refused {
    /// Sentences that say what to do.
    pub reasons: Vec<String>,
}

/// The reasons, with the name of the variable that they are about.
fn named(reasons: &[String]) -> String {
    let reasons = reasons.join("; ");
    if reasons.starts_with("SHARDS") {
        reasons
    } else {
        format!("REDIS_URL: {reasons}")
    }
}

/// Waits until Redis tells how many shards the store has. Logs nothing, as [`wait`].
///
/// # Errors
///
/// [`InvalidRedis`] when the settings can't be used.
pub async fn find(args: &RedisArgs, mut on_failure: impl FnMut(Failure<'_>)) -> Result<Shards, InvalidRedis> {
    let mut patience = Patience::new();
    loop {
        match Shards::find(args).await {
            Ok(shards) => return Ok(shards),
            Err(FindError::Settings(error)) => return Err(error),
            Err(FindError::Store(error)) => patience.after(&error, &mut on_failure).await,
        }
    }
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
    let mut patience = Patience::new();
    loop {
        match store.inspect_server(expected).await {
            Ok(report) if report.refusals.is_empty() => return Ok(report),
            Ok(report) => {
                return Err(Refused {
                    reasons: report.refusals,
                });
            }
            Err(error) => patience.after(&error, &mut on_failure).await,
        }
    }
}

/// What a wait remembers of its failures.
struct Patience {
    log: Seldom,
    failures: u32,
}

impl Patience {
    const fn new() -> Self {
        Self {
            log: Seldom::every(LOG_EVERY),
            failures: 0,
        }
    }

    /// Tells of a failure, and waits until the next try.
    async fn after(&mut self, error: &StoreError, mut on_failure: impl FnMut(Failure<'_>)) {
        on_failure(Failure {
            error,
            is_to_be_logged: self.log.is_due(Instant::now()),
        });
        tokio::time::sleep(pause_after(self.failures)).await;
        self.failures = self.failures.saturating_add(1);
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
