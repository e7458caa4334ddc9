//! How an endpoint does, and what an account should look at: judgement of the facts that the [`store`](store::health)
//! tells. Pure, so that every sentence of advice has a test.
//!
//! [`EndpointHealth`] says when an endpoint will be disabled if it goes on like this, and what its receiver's developer can
//! do about its most frequent failure. [`attention`] says the same of a whole account, in a line each.

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

/// Failures in a row that disable an endpoint, as long as no worker has told another number: the documented one.
const DISABLE_AFTER: u32 = 10;

/// How an endpoint does, and what will become of it.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointHealth {
    /// Failures in a row that disable it.
    pub disable_after: u32,
    /// How many more of them do so; at least 1 while it is active, 0 while it isn't.
    pub failures_until_disabled: u32,
    /// When that will be if failures go on to come as fast as they did since the streak began. `None` when it isn't active,
    /// or has fewer than two failures in a row: one is no pace.
    pub disabled_at_this_pace: Option<Timestamp>,
    /// When its next attempt is due: now if a delivery waits, else the time of the nearest retry. `None` when it isn't
    /// active, or has nothing to send.
    pub next_attempt_at: Option<Timestamp>,
    /// How many of the sampled attempts succeeded, from 0 to 1; `None` without any.
    pub success_rate: Option<f64>,
    /// Half of the sampled attempts took no longer.
    pub p50: Option<Duration>,
    /// 95 of 100 of them took no longer.
    pub p95: Option<Duration>,
    /// How many attempts that is said of; at most [`SAMPLE`](store::health::SAMPLE).
    pub sampled_attempts: usize,
    /// What it has to send.
    pub queue: Queue,
    /// What waits for it to be switched on.
    pub parked: Parked,
    /// What goes wrong most often, among the sampled attempts.
    pub top_failure: Option<TopFailure>,
}

/// Deliveries that are sent when their time comes. Nothing waits in it while the endpoint isn't active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queue {
    /// Wait for their turn.
    pub waiting: u64,
    /// Wait for the time of their next attempt.
    pub retrying: u64,
    /// Are being attempted.
    pub in_flight: u64,
    /// When the event at the head of the line was accepted.
    pub oldest_waiting_since: Option<Timestamp>,
}

/// Deliveries that wait for the endpoint to be switched on. There are none while it is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parked {
    /// How many.
    pub deliveries: u64,
    /// Bytes of their payloads.
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
            // A streak that is long enough, but hasn't lasted long enough, needs another failure.
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
        // One that is overdue is about to be made.
        facts.nearest_retry.map(|due| due.max(facts.now))
    }
}

/// The streak so far has some failures and, between the first one and now, one span fewer; the missing failures take as long
/// each. While none comes, the spans grow and the time moves away.
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

/// The attempts that were made; what was given up without one is not among them.
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

    /// The nearest rank: the shortest that `percent` of 100 did not exceed.
    fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.durations.len() * percent).div_ceil(100);
        self.durations.get(rank.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests;
