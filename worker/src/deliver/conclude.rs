//! What an exchange means for its delivery: done, a pause that the receiver asked for, a strike and another attempt, or a strike and
//! no more.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::Failure;
use domain::id::fill_random;
use domain::retry::RetrySchedule;
use program::telemetry::EACH;
use store::queue::{AttemptRecord, Leased, Outcome};
use store::workers::WorkerName;

use super::exchange::Exchange;
use super::traced::{Traced, host_of};
use crate::transport::resolver::rests_for;

/// The outcome of attempt number `attempt`, which took `duration`. `jitter` gives a number between 0 and 1 to those that need one: see
/// [`RetrySchedule::next_delay`] and [`rests_for`]. A date in `Retry-After` counts from `now`.
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
            // Until its name is asked for again, what follows would fail without an attempt.
            rest: (failure == Failure::Dns).then(|| rests_for(duration, jitter)),
            attempt: exchange.record(duration),
        }
    }
}

/// One line for each attempt, though not of very many in a second; returns what is logged of it. What the receiver answered is the
/// receiver's, and stays out of our logs.
pub(super) fn log<'a>(
    leased: &Leased,
    outcome: &'a Outcome,
    traced: Option<&Traced>,
    worker: &WorkerName,
) -> Option<&'a AttemptRecord> {
    // The fields that all have.
    macro_rules! line {
        ($record:expr, $($more:tt)*) => {
            tracing::info!(
                name: EACH,
                account = %leased.endpoint.account,
                event = %leased.event.id,
                kind = leased.event.event,
                delivery = %leased.delivery,
                endpoint = %leased.endpoint.id,
                host = host_of(&leased.endpoint.url),
                attempt = leased.attempt,
                status = $record.status,
                ms = $record.duration.as_secs_f64() * 1000.0,
                trace = traced.map(|traced| display(traced.context().trace)),
                worker = %worker,
                $($more)*
            )
        };
    }
    match outcome {
        Outcome::Succeeded(record) => {
            line!(record, "delivered");
            Some(record)
        }
        Outcome::Failed {
            attempt, retry_in, ..
        } => {
            let (error, detail) = (attempt.error, &attempt.detail);
            match retry_in.map(|wait| wait.as_secs_f64()) {
                Some(wait) => line!(attempt, error, detail, retry_in_seconds = wait, "attempt failed"),
                None => line!(
                    attempt,
                    error,
                    detail,
                    "the last attempt failed; the delivery is exhausted"
                ),
            }
            Some(attempt)
        }
        Outcome::Held { attempt, wait, .. } => {
            let asked = wait.map(|wait| wait.as_secs_f64());
            line!(
                attempt,
                asked_seconds = asked,
                "the receiver asks for a pause; its endpoint is held"
            );
            Some(attempt)
        }
        Outcome::GivenBack { .. } | Outcome::Crowded | Outcome::Crashed => None,
    }
}

/// A random number between 0 and 1.
pub(super) fn random_fraction() -> f64 {
    let mut bytes = [0_u8; 4];
    fill_random(&mut bytes);
    f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
