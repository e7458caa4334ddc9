//! Judges how well deliveries to an endpoint work, and what in an account needs attention, from facts that the
//! [`store`](store::health) collects. Pure, so that every sentence of advice has a test.
//!
//! [`EndpointHealth`] tells when an endpoint will be disabled if attempts keep failing, and what the developer of its receiver can
//! do about the most frequent failure. [`attention`] sums up an account in one sentence for each endpoint that is in trouble.

mod advice;

mod attention;

mod failure;

pub use attention::{Attention, AttentionReason, attention};
pub use failure::TopFailure;

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, EndpointState};
use store::health::EndpointFacts;
use store::log::LoggedAttempt;

/// How many failures in a row disable an endpoint, until a worker has announced the configured value. This is the documented one.
const DISABLE_AFTER: u32 = 10;

/// How well deliveries to an endpoint work, and what is going to happen.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointHealth {
    /// How many failures in a row disable the endpoint.
    pub disable_after: u32,
    /// How many more failures disable it: at least 1 while it is active, 0 while it isn't.
    pub failures_until_disabled: u32,
    /// When it will be disabled if failures keep coming as fast as they have since the first of them. `None` if it isn't active, or
    /// has fewer than two failures in a row: one failure has no pace.
    pub disabled_at_this_pace: Option<Timestamp>,
    /// When the next attempt is due: now if a delivery is waiting, otherwise when the earliest retry is due. `None` if the endpoint
    /// isn't active, or there is nothing to send.
    pub next_attempt_at: Option<Timestamp>,
    /// The share of the sampled attempts that succeeded, from 0 to 1; `None` if there are none.
    pub success_rate: Option<f64>,
    /// The median duration of the sampled attempts.
    pub p50: Option<Duration>,
    /// The 95th percentile of their durations.
    pub p95: Option<Duration>,
    /// How many attempts were sampled: at most [`SAMPLE`](store::health::SAMPLE).
    pub sampled_attempts: usize,
    /// Deliveries that will be sent.
    pub queue: Queue,
    /// Deliveries that are held back until the endpoint is switched on.
    pub parked: Parked,
    /// The most frequent failure among the sampled attempts.
    pub top_failure: Option<TopFailure>,
}

/// Deliveries that will be sent when their time comes. While the endpoint isn't active, only those in flight count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queue {
    /// How many are waiting for their turn.
    pub waiting: u64,
    /// How many are waiting until their next attempt is due.
    pub retrying: u64,
    /// How many are being attempted.
    pub in_flight: u64,
    /// When the event of the delivery at the head of the queue was accepted.
    pub oldest_waiting_since: Option<Timestamp>,
}

/// Deliveries that are held back until the endpoint is switched on. There are none while it is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parked {
    /// How many there are.
    pub deliveries: u64,
    /// The total size of their payloads, in bytes.
    pub bytes: u64,
}

impl EndpointHealth {
    /// Judges the facts.
    #[must_use]
    pub fn of(facts: &EndpointFacts) -> Self {
        let endpoint = &facts.endpoint;
        let is_active = endpoint.state == EndpointState::Active;
        let policy = facts.policy.as_ref();
        let disable_after = policy.map_or(DISABLE_AFTER, |policy| policy.disable_after);
        let timeout = policy.map(|policy| policy.delivery_timeout);
        let (queue, parked) = queue_and_parked(facts, is_active);
        let failures_until_disabled = if is_active {
            // A streak with enough failures that hasn't lasted long enough needs one more failure.
            disable_after.saturating_sub(endpoint.consecutive_failures).max(1)
        } else {
            0
        };
        let next_attempt_at = next_attempt(facts, is_active);
        let min_span = policy.map_or(Duration::ZERO, |policy| policy.disable_min_span);
        let disabled_at_this_pace = is_active
            .then(|| disabled_at(endpoint, failures_until_disabled, min_span, facts.now))
            .flatten()
            .map(|at| at.max(next_attempt_at.unwrap_or(at)));
        let sampled = Sampled::of(&facts.attempts);
        Self {
            disable_after,
            failures_until_disabled,
            disabled_at_this_pace,
            next_attempt_at,
            success_rate: sampled.success_rate(),
            p50: sampled.percentile(50),
            p95: sampled.percentile(95),
            sampled_attempts: sampled.durations.len(),
            queue,
            parked,
            top_failure: TopFailure::among(&facts.attempts, facts.now, timeout),
        }
    }
}

fn queue_and_parked(facts: &EndpointFacts, is_active: bool) -> (Queue, Parked) {
    let depth = &facts.endpoint.queue;
    if is_active {
        let queue = Queue {
            waiting: depth.waiting,
            retrying: depth.retrying,
            in_flight: depth.in_flight,
            oldest_waiting_since: facts.oldest_waiting,
        };
        return (queue, Parked::default());
    }
    let queue = Queue {
        in_flight: depth.in_flight,
        ..Queue::default()
    };
    let parked = Parked {
        deliveries: depth.waiting + depth.retrying,
        bytes: depth.bytes,
    };
    (queue, parked)
}

fn next_attempt(facts: &EndpointFacts, is_active: bool) -> Option<Timestamp> {
    if !is_active {
        None
    } else if facts.endpoint.queue.waiting > 0 {
        Some(facts.now)
    } else {
        // An attempt that is overdue is about to be made.
        facts.nearest_retry.map(|due| due.max(facts.now))
    }
}

/// When a streak of failures will be long enough to disable the endpoint. It supposes that each of the `missing` failures takes as
/// long as, on average, those since the first one did, counted up to now: while no failure comes, the time moves away.
fn disabled_at(endpoint: &Endpoint, missing: u32, min_span: Duration, now: Timestamp) -> Option<Timestamp> {
    let began = endpoint.failing_since?;
    let spans = u64::from(endpoint.consecutive_failures).checked_sub(1)?;
    let lasted = now.as_millis().saturating_sub(began.as_millis());
    let missing_ms = lasted.saturating_mul(missing.into()).checked_div(spans)?;
    let earliest = began.as_millis().saturating_add(millis(min_span));
    let at = now.as_millis().saturating_add(missing_ms).max(earliest);
    i64::try_from(at).ok().and_then(Timestamp::from_millis)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The attempts of a sample. Deliveries that were given up without an attempt are not among them.
struct Sampled {
    /// Shortest first.
    durations: Vec<Duration>,
    succeeded: usize,
}

impl Sampled {
    fn of(attempts: &[LoggedAttempt]) -> Self {
        let made = attempts.iter().filter(|attempt| attempt.duration.is_some());
        let mut durations: Vec<_> = made.clone().filter_map(|attempt| attempt.duration).collect();
        durations.sort_unstable();
        Self {
            durations,
            succeeded: made.filter(|attempt| attempt.error.is_none()).count(),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a sample has at most a hundred attempts"
    )]
    fn success_rate(&self) -> Option<f64> {
        let count = self.durations.len();
        (count > 0).then(|| self.succeeded as f64 / count as f64)
    }

    /// A percentile by the nearest-rank method: the shortest duration that `percent` % of the attempts did not exceed.
    fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.durations.len() * percent).div_ceil(100);
        self.durations.get(rank.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests;
