//! Why a delivery can't be replayed: its payload is no longer kept.

use std::time::Duration;

use domain::delivery::DeliveryState;
use store::Store;
use store::log::DeliverySummary;
use store::policy::Policy;

use crate::problem::{Code, Problem};

/// Refuses to replay a delivery whose payload has gone.
pub(super) async fn problem(store: &Store, delivery: &DeliverySummary) -> Problem {
    // How long the workers keep payloads makes the reason more precise. If Redis doesn't tell, the reason will do without.
    let policy = store.policy().await.ok().flatten();
    Problem::new(Code::PayloadExpired).detail(reason(delivery, policy.as_ref()))
}

fn reason(delivery: &DeliverySummary, policy: Option<&Policy>) -> String {
    let (fate, retention) = match delivery.state {
        _ if delivery.is_test => ("a test", policy.map(|policy| policy.retention_succeeded)),
        DeliveryState::Exhausted => (
            "a delivery was exhausted",
            policy.map(|policy| policy.retention_failed),
        ),
        _ => (
            "a delivery succeeded",
            policy.map(|policy| policy.retention_succeeded),
        ),
    };
    let kept = retention.map_or_else(
        || "for a while".to_owned(),
        |span| format!("for {}", in_words(span)),
    );
    format!(
        "What was sent is kept {kept} after {fate}, and less while memory is short. It is gone, so it can't be sent again."
    )
}

/// A duration as people say it.
fn in_words(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [("day", 86_400), ("hour", 3600), ("minute", 60)];
    let (name, count) = units
        .into_iter()
        // A whole number of a unit, and two at least: a day is 24 hours.
        .find(|(_, length)| seconds.is_multiple_of(*length) && seconds / length > 1)
        .map_or(("second", seconds), |(name, length)| (name, seconds / length));
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}

#[cfg(test)]
mod tests;
