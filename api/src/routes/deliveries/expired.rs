//! Why a payload is no longer kept.

use std::time::Duration;

use domain::delivery::DeliveryState;
use store::Store;
use store::log::DeliverySummary;
use store::policy::PolicyNotice;

use crate::problem::{Code, Problem};

/// The refusal to send this delivery again.
pub(super) async fn problem(store: &Store, delivery: &DeliverySummary) -> Problem {
    // What the workers are configured to makes the reason more precise, but isn't worth another refusal.
    let policy = store.policy().await.ok().flatten();
    Problem::new(Code::PayloadExpired).detail(reason(delivery, policy.as_ref()))
}

fn reason(delivery: &DeliverySummary, policy: Option<&PolicyNotice>) -> String {
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

/// A span as people say it.
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
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_largest_unit_that_fits() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "60 seconds"),
            (90, "90 seconds"),
            (120, "2 minutes"),
            (86_400, "24 hours"),
            (14 * 86_400, "14 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn the_reason_says_how_long_what_is_kept() {
        let policy = PolicyNotice {
            disable_after: 10,
            disable_min_span: Duration::ZERO,
            retention_succeeded: Duration::from_secs(86_400),
            retention_failed: Duration::from_secs(14 * 86_400),
            log_length: 1000,
            endpoint_concurrency: 32,
            max_attempts: 10,
            delivery_timeout: Duration::from_secs(10),
        };
        let delivery = |state, is_test| DeliverySummary {
            id: "dlv_01kmnq8v3r5t7w9y1b3d5f7h9j_7zq3k9m2x4t8w1v5".parse().unwrap(),
            event: "lead.captured".to_owned(),
            state,
            attempts: 1,
            next_attempt_at: None,
            last: None,
            reason: None,
            replay_of: None,
            is_test,
        };
        for (state, is_test, policy, words) in [
            (
                DeliveryState::Succeeded,
                false,
                Some(&policy),
                "for 24 hours after a delivery succeeded",
            ),
            (
                DeliveryState::Exhausted,
                false,
                Some(&policy),
                "for 14 days after a delivery was exhausted",
            ),
            (
                DeliveryState::Exhausted,
                false,
                None,
                "for a while after a delivery was exhausted",
            ),
            (
                DeliveryState::Succeeded,
                true,
                Some(&policy),
                "for 24 hours after a test",
            ),
        ] {
            let told = reason(&delivery(state, is_test), policy);
            assert!(told.contains(words), "{told}");
        }
    }
}
