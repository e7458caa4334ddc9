//! What in an account needs attention, most urgent first.

use super::advice::Failed;
use super::moment::{exact_moment, moment};
use super::notice::{held_by_operator, resumes};
use domain::clock::Timestamp;
use domain::endpoint::{DisabledReason, Endpoint, EndpointState};
use domain::id::EndpointId;
use store::health::AccountFacts;

/// From how many failures in a row on an endpoint counts as failing. A receiver that restarts causes fewer.
const FAILING_FROM: u32 = 3;

/// A queue with more deliveries than this will take long to send.
const LONG_LINE: u64 = 1000;

/// An endpoint that is held for longer than this (ms) is worth a look.
const HELD_LONG: u64 = 60_000;

/// From which share of its budget on, in percent, an account is warned.
const NEAR_BUDGET: u64 = 80;

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// The endpoint concerned; `None` if it is about the account.
    pub endpoint: Option<EndpointId>,
    /// Why it needs attention.
    pub reason: AttentionReason,
    /// What is wrong and what to do about it, in one sentence. Its times are UTC.
    pub advice: String,
    /// Since when it has been so, if that is known.
    pub since: Option<Timestamp>,
}

/// Why something needs attention; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttentionReason {
    /// The account's unfinished bytes are close to its budget: soon events will be refused.
    NearBudget,
    /// Too many failures in a row disabled the endpoint.
    ConsecutiveFailures,
    /// The receiver answered `410 Gone`, which disabled the endpoint.
    Gone,
    /// The latest attempts failed.
    Failing,
    /// The receiver asked us to wait for long.
    Held,
    /// So many deliveries are waiting that it will take long to send them.
    LongLine,
    /// An operator pauses it, which its owner can't change.
    OperatorHold,
}

impl AttentionReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::NearBudget,
        Self::ConsecutiveFailures,
        Self::Gone,
        Self::Failing,
        Self::Held,
        Self::LongLine,
        Self::OperatorHold,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NearBudget => "near_budget",
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::Held => "held",
            Self::LongLine => "long_line",
            Self::OperatorHold => "operator_hold",
        }
    }
}

/// What in an account needs attention, most urgent first: at most one item for each endpoint, and one for the account. `budget`
/// limits the unfinished bytes. Endpoints that their owner switched off need no attention.
#[must_use]
pub fn attention(facts: &AccountFacts, budget: u64) -> Vec<Attention> {
    let endpoints = facts.endpoints.iter();
    let mut all: Vec<_> = near_budget(facts.unfinished_bytes, budget)
        .into_iter()
        .chain(account_held(&facts.endpoints))
        .chain(endpoints.filter_map(|endpoint| of(endpoint, facts.now)))
        .collect();
    all.sort_by_key(|attention| attention.reason);
    all
}

fn near_budget(unfinished: u64, budget: u64) -> Option<Attention> {
    let percent = unfinished.saturating_mul(100).checked_div(budget)?;
    (percent >= NEAR_BUDGET).then(|| Attention {
        endpoint: None,
        reason: AttentionReason::NearBudget,
        advice: format!(
            "{percent} % of what may wait is used, and beyond 100 % events are refused: mend the endpoints that fail, or \
             discard what is parked"
        ),
        since: None,
    })
}

/// All endpoints are paused, which is said once.
fn account_held(endpoints: &[Endpoint]) -> Option<Attention> {
    let mut holds = endpoints
        .iter()
        .filter_map(|endpoint| endpoint.operator_hold.as_ref());
    let hold = holds.find(|hold| hold.is_of_account)?;
    Some(Attention {
        endpoint: None,
        reason: AttentionReason::OperatorHold,
        advice: held_by_operator("all your endpoints", hold),
        since: Some(hold.since),
    })
}

fn of(endpoint: &Endpoint, now: Timestamp) -> Option<Attention> {
    let (reason, advice, since) = match endpoint.state {
        EndpointState::Disabled => disabled(endpoint, now),
        EndpointState::Active if is_failing(endpoint) => failing(endpoint, now),
        EndpointState::Active if is_held_long(endpoint, now) => {
            let until = endpoint.held_until.unwrap_or(now);
            let advice = format!(
                "the receiver asks us to wait until {}, and {} deliveries wait; another URL, or switching it off and on, ends that",
                exact_moment(until, now),
                endpoint.queue.waiting + endpoint.queue.retrying
            );
            (AttentionReason::Held, advice, None)
        }
        EndpointState::Active if endpoint.queue.waiting > LONG_LINE => {
            (AttentionReason::LongLine, long_line(endpoint), None)
        }
        EndpointState::Suspended => {
            let own = endpoint.operator_hold.as_ref();
            let hold = own.filter(|hold| !hold.is_of_account)?;
            let advice = held_by_operator("it", hold);
            (AttentionReason::OperatorHold, advice, Some(hold.since))
        }
        EndpointState::Active | EndpointState::Paused | EndpointState::Off => return None,
    };
    Some(Attention {
        endpoint: Some(endpoint.id.clone()),
        reason,
        advice,
        since,
    })
}

/// Whether an endpoint's failures in a row need an explanation: there are that many, or they have disabled it.
pub(super) fn is_failing(endpoint: &Endpoint) -> bool {
    endpoint.consecutive_failures >= FAILING_FROM
        || endpoint.disabled_reason == Some(DisabledReason::ConsecutiveFailures)
}

fn is_held_long(endpoint: &Endpoint, now: Timestamp) -> bool {
    endpoint
        .held_until
        .is_some_and(|until| until.as_millis().saturating_sub(now.as_millis()) > HELD_LONG)
}

fn long_line(endpoint: &Endpoint) -> String {
    let waiting = endpoint.queue.waiting;
    match endpoint.rate_limit {
        Some(limit) => {
            format!("{waiting} deliveries wait: you limit it to {limit} a second; raise its `rateLimit`")
        }
        None => format!(
            "{waiting} deliveries wait: the receiver takes them more slowly than they come; answer first and work later"
        ),
    }
}

fn disabled(endpoint: &Endpoint, now: Timestamp) -> (AttentionReason, String, Option<Timestamp>) {
    let reason = match endpoint.disabled_reason {
        Some(DisabledReason::Gone) => AttentionReason::Gone,
        Some(DisabledReason::ConsecutiveFailures | DisabledReason::Owner) | None => {
            AttentionReason::ConsecutiveFailures
        }
    };
    let since = endpoint.disabled_at;
    let mut advice = since.map_or_else(
        || "disabled".to_owned(),
        |at| format!("disabled since {}", moment(at, now)),
    );
    if let Some(failure) = last_failure(endpoint) {
        advice = format!("{advice}, {failure}");
    }
    if let Some(when) = resumes(endpoint, now) {
        advice = format!("{advice}; a delivery is tried again {when}");
    } else if reason != AttentionReason::Gone {
        advice.push_str("; switch it on when its receiver works again");
    }
    (reason, advice, since)
}

fn failing(endpoint: &Endpoint, now: Timestamp) -> (AttentionReason, String, Option<Timestamp>) {
    let since = endpoint.failing_since;
    let mut advice = format!("{} failures in a row", endpoint.consecutive_failures);
    if let Some(at) = since {
        advice = format!("{advice} since {}", moment(at, now));
    }
    if let Some(failure) = last_failure(endpoint) {
        advice = format!("{advice}, {failure}");
    }
    (AttentionReason::Failing, advice, since)
}

/// The last failure and what to do about it. The endpoint keeps less about it than the log does, so the advice is more general.
fn last_failure(endpoint: &Endpoint) -> Option<String> {
    let last = endpoint.last_attempt.as_ref()?;
    let failed = Failed {
        error: last.error.as_deref()?,
        status: last.status,
        detail: "",
        timeout: None,
    };
    let reading = failed.reading();
    Some(format!("last failure: {} ({})", reading.what, reading.remedy))
}
