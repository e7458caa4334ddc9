//! Judges how well deliveries to an endpoint work, and what in an account needs attention, from facts that the
//! [`store`](store::health) collects. Pure, so that every sentence of advice has a test.
//!
//! [`EndpointHealth`] tells when an endpoint will be disabled if attempts keep failing, and what the developer of its receiver can
//! do about the most frequent failure. [`attention`] sums up an account in one sentence for each endpoint that is in trouble.

mod advice;

mod attention;

mod failure;

mod moment;

mod notice;

mod sampled;

pub use attention::{Attention, AttentionReason, attention};
pub use failure::TopFailure;
pub(crate) use failure::advice_on;
pub(crate) use moment::exact_moment;
pub use notice::{Notice, NoticeKind};

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, EndpointState};
use store::health::EndpointFacts;

use self::sampled::Sampled;

/// How many failures in a row disable an endpoint, until a worker has announced the configured value. This is the documented one.
const DISABLE_AFTER: u32 = 10;

/// How long they must have lasted, until then: as long as one attempt may take.
const DISABLE_MIN_SPAN: Duration = Duration::from_secs(10);

/// How well deliveries to an endpoint work, and what is going to happen.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointHealth {
    /// How many failures in a row disable the endpoint.
    pub disable_after: u32,
    /// How many more failures disable it: 0 if it isn't active, or if there were enough, and the clock disables it.
    pub failures_until_disabled: u32,
    /// When it will be disabled if failures keep coming as fast as they have since the first of them; if there were enough, when
    /// the clock disables it. `None` if it isn't active, or has fewer than two failures in a row: one failure has no pace. Nor
    /// is it disabled while our own network is broken.
    pub disabled_at_this_pace: Option<Timestamp>,
    /// When the next attempt is due: now if a delivery is waiting, otherwise when the earliest retry is due; not before the end of
    /// a hold, nor before its next turn by its rate limit. `None` if the endpoint isn't active, or there is nothing to send.
    pub next_attempt_at: Option<Timestamp>,
    /// How many attempts it may have in flight at once now.
    pub in_flight_limit: u32,
    /// How many it carries at once, if it was found to carry fewer than it could have.
    pub carries: Option<u32>,
    /// When one parked delivery is tried again; `None` unless it resumes by itself, and while it waits for one that comes.
    pub resume_at: Option<Timestamp>,
    /// Whether our own network is broken.
    pub own_outage: bool,
    /// What its owner should know of the way it is served now.
    pub notices: Vec<Notice>,
    /// The share of the sampled attempts that succeeded, from 0 to 1; `None` if there are none.
    pub success_rate: Option<f64>,
    /// The median duration of the sampled attempts.
    pub p50: Option<Duration>,
    /// The 95th percentile of their durations.
    pub p95: Option<Duration>,
    /// How many attempts were sampled: at most [`SAMPLE`](store::health::SAMPLE), without those that were held.
    pub sampled_attempts: usize,
    /// After how many of the latest attempts the receiver asked us to wait.
    pub held_attempts: usize,
    /// Deliveries that will be sent.
    pub queue: Queue,
    /// Deliveries that are held back until the endpoint is switched on.
    pub parked: Parked,
    /// The most frequent failure among the sampled attempts; if none of them failed, and holds alone made a streak, that of these.
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
        let by_clock = facts.disabled_by_clock_at.is_some();
        let failures_until_disabled = match disable_after.saturating_sub(endpoint.consecutive_failures) {
            _ if !is_active => 0,
            0 if by_clock => 0,
            // A streak with enough failures that no clock watches, such as that of a URL before, needs one more failure.
            missing => missing.max(1),
        };
        let next_attempt_at = next_attempt(facts, is_active);
        let min_span = policy.map_or(DISABLE_MIN_SPAN, |policy| policy.disable_min_span);
        let disabled_at_this_pace = if failures_until_disabled > 0 && !facts.own_outage {
            disabled_at(endpoint, failures_until_disabled, min_span, facts.now)
                .map(|at| at.max(next_attempt_at.unwrap_or(at)))
        } else {
            clock_disables_at(facts, disable_after)
        };
        let sampled = Sampled::of(&facts.attempts);
        Self {
            disable_after,
            failures_until_disabled,
            disabled_at_this_pace,
            next_attempt_at,
            in_flight_limit: in_flight_limit(facts),
            carries: endpoint.carries.filter(|_| is_active),
            resume_at: notice::resume_at(endpoint, facts.now),
            own_outage: facts.own_outage,
            notices: notice::notices(facts, disable_after),
            success_rate: sampled.success_rate(),
            p50: sampled.percentile(50),
            p95: sampled.percentile(95),
            sampled_attempts: sampled.count(),
            held_attempts: facts.attempts.iter().filter(|attempt| attempt.is_held()).count(),
            queue,
            parked,
            top_failure: TopFailure::among(
                &facts.attempts,
                attention::is_failing(endpoint),
                facts.now,
                timeout,
            ),
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
    let endpoint = &facts.endpoint;
    let due = if !is_active {
        return None;
    } else if endpoint.queue.waiting > 0 {
        facts.now
    } else {
        // An attempt that is overdue is about to be made.
        facts.nearest_retry?.max(facts.now)
    };
    let waits = endpoint.held_until.into_iter().chain(endpoint.paced_until);
    Some(waits.fold(due, Timestamp::max))
}

/// How many attempts an endpoint may have in flight at once: one before the first has succeeded.
fn in_flight_limit(facts: &EndpointFacts) -> u32 {
    let limit = facts.endpoint.limit.unwrap_or(1).max(1);
    facts
        .policy
        .as_ref()
        .map_or(limit, |policy| limit.min(policy.endpoint_concurrency))
}

/// When the clock disables an endpoint that has failed often enough. The clock stands while it is held, and while our own network is
/// broken.
fn clock_disables_at(facts: &EndpointFacts, disable_after: u32) -> Option<Timestamp> {
    let endpoint = &facts.endpoint;
    let is_due = endpoint.state == EndpointState::Active
        && endpoint.consecutive_failures >= disable_after
        && !facts.own_outage;
    let at = facts.disabled_by_clock_at.filter(|_| is_due)?.max(facts.now);
    Some(endpoint.held_until.map_or(at, |held| at.max(held)))
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

#[cfg(test)]
mod tests;
