//! What `tail` prints of an entry of a log.

use domain::delivery::DeliveryState;
use serde_json::{Value, json};
use store::live::LiveEntry;
use store::log::{LogContent, LoggedAttempt};

/// The attempt that an entry is about, if it is about one.
pub(super) fn attempt_of(found: &LiveEntry) -> Option<&LoggedAttempt> {
    match &found.entry.content {
        LogContent::Attempt(attempt) => Some(attempt),
        LogContent::Canceled { .. } | LogContent::State { .. } => None,
    }
}

/// Whether it failed, or ended its delivery without success.
pub(super) fn has_failed(attempt: &LoggedAttempt) -> bool {
    attempt.outcome != DeliveryState::Succeeded
}

/// What came of an attempt, in a word.
fn outcome(attempt: &LoggedAttempt) -> &'static str {
    if attempt.is_held() {
        "held"
    } else {
        attempt.outcome.as_str()
    }
}

/// A line of columns: time, account, endpoint, delivery, event type, attempt, outcome, status, duration, error.
pub(super) fn as_text(found: &LiveEntry) -> String {
    let line = columns(found);
    // A failure may be told in words of the receiver's, which must do nothing to a terminal.
    line.chars().filter(|char| !char.is_control()).collect()
}

fn columns(found: &LiveEntry) -> String {
    let account = found.account.as_ref().map_or("-", |account| account.as_str());
    let start = format!("{}  {account}  {}", found.entry.id.time(), found.endpoint);
    match &found.entry.content {
        LogContent::Attempt(attempt) => {
            let LoggedAttempt {
                delivery,
                event,
                status,
                duration,
                ..
            } = &**attempt;
            let test = if attempt.is_test { "test " } else { "" };
            let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            let took = duration.map_or_else(|| "-".to_owned(), |took| format!("{} ms", took.as_millis()));
            let why = [&attempt.error, &attempt.detail].map(|text| text.as_deref().unwrap_or_default());
            let why = why.join(": ");
            let why = why.trim_matches([':', ' ']);
            let line = format!(
                "{start}  {delivery}  {event}  {test}#{}  {}  {status}  {took}  {why}",
                attempt.attempt,
                outcome(attempt)
            );
            line.trim_end().to_owned()
        }
        LogContent::Canceled { count } => format!("{start}  {count} canceled"),
        LogContent::State { state, reason } => format!("{start}  is {state} now: {reason}"),
    }
}

/// The same as JSON.
pub(super) fn as_json(found: &LiveEntry) -> Value {
    let (at, account, endpoint) = (found.entry.id.time(), &found.account, &found.endpoint);
    match &found.entry.content {
        LogContent::Attempt(attempt) => json!({
            "kind": "attempt", "at": at, "account": account, "endpoint": endpoint, "delivery": attempt.delivery,
            "event": attempt.event, "attempt": attempt.attempt, "outcome": outcome(attempt), "status": attempt.status,
            "durationMs": attempt.duration.map(|took| took.as_millis()), "error": attempt.error, "detail": attempt.detail,
            "heldUntil": attempt.held_until, "isTest": attempt.is_test,
        }),
        LogContent::Canceled { count } => {
            json!({"kind": "canceled", "at": at, "account": account, "endpoint": endpoint, "count": count})
        }
        LogContent::State { state, reason } => json!({
            "kind": "state", "at": at, "account": account, "endpoint": endpoint, "state": state, "reason": reason,
        }),
    }
}
