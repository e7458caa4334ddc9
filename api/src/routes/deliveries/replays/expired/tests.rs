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
    let policy = Policy {
        disable_after: 10,
        disable_min_span: Duration::ZERO,
        retention_succeeded: Duration::from_secs(86_400),
        retention_failed: Duration::from_secs(14 * 86_400),
        log_length: 1000,
        endpoint_concurrency: 32,
        destination_concurrency: 64,
        max_attempts: 10,
        exhausted_budget: 1 << 30,
        history_budget: 1 << 30,
        operator_events: false,
        delivery_timeout: Duration::from_secs(10),
    };
    let delivery = |state, is_test| DeliverySummary {
        id: "dlv_01kmnq8v3r5t7w9y1b3d5f7h9j_7zq3k9m2x4t8w1v5".parse().unwrap(),
        event: "lead.captured".to_owned(),
        state,
        attempts: 1,
        next_attempt_at: None,
        held_until: None,
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
