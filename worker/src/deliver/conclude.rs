//! What an exchange means for its delivery: done, a pause that the receiver asked for, a strike and another attempt, or a strike and
//! no more.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::Failure;
use domain::retry::RetrySchedule;
use store::queue::{Leased, Outcome};

use super::exchange::Exchange;

/// The outcome of attempt number `attempt`, which took `duration`. `jitter` gives a number between 0 and 1 to those that need one: see
/// [`RetrySchedule::next_delay`]. A date in `Retry-After` counts from `now`.
pub(super) fn conclude(
    exchange: Exchange,
    duration: Duration,
    attempt: u32,
    schedule: &RetrySchedule,
    jitter: impl FnOnce() -> f64,
    now: Timestamp,
) -> Outcome {
    let Some(failure) = exchange.failure else {
        return Outcome::Succeeded(exchange.record(duration));
    };
    let (wait, jitter) = (exchange.retry_after(now), jitter());
    let retry_in = schedule.next_delay(attempt, wait, jitter);
    if exchange.asks_for_a_pause(now) {
        Outcome::Held {
            wait,
            retry_in,
            jitter,
            attempt: exchange.record(duration),
        }
    } else {
        Outcome::Failed {
            retry_in,
            gone: failure == Failure::Gone,
            attempt: exchange.record(duration),
        }
    }
}

/// One line for each attempt. What the receiver answered is the receiver's, and stays out of our logs.
pub(super) fn log(leased: &Leased, outcome: &Outcome) {
    let (record, retry_in) = match outcome {
        Outcome::Succeeded(record) => (record, None),
        Outcome::Failed {
            attempt, retry_in, ..
        } => (attempt, *retry_in),
        Outcome::Held { attempt, wait, .. } => {
            tracing::info!(
                delivery = %leased.delivery, endpoint = %leased.endpoint.id, status = attempt.status,
                asked_seconds = wait.map(|wait| wait.as_secs_f64()), "the receiver asks for a pause; its endpoint is held"
            );
            return;
        }
        Outcome::GivenBack { .. } | Outcome::Crowded | Outcome::Crashed => return,
    };
    let (delivery, endpoint, attempt) = (&leased.delivery, &leased.endpoint.id, leased.attempt);
    let (status, ms) = (record.status, record.duration.as_secs_f64() * 1000.0);
    let (error, detail) = (record.error, &record.detail);
    match (error, retry_in) {
        (None, _) => tracing::debug!(%delivery, %endpoint, attempt, status, ms, "delivered"),
        (Some(_), Some(wait)) => tracing::info!(
            %delivery, %endpoint, attempt, status, ms, error,
            detail, retry_in_seconds = wait.as_secs_f64(), "attempt failed"
        ),
        (Some(_), None) => tracing::info!(
            %delivery, %endpoint, attempt, status, ms, error,
            detail, "the last attempt failed; the delivery is exhausted"
        ),
    }
}

#[cfg(test)]
mod tests;
