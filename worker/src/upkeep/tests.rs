use super::*;

#[test]
fn the_next_step_comes_at_once_or_soon_or_after_a_while() {
    let reply = UpkeepReply::default();
    let usual = wait_after(reply, EVERY);
    assert!((1.8..=2.2).contains(&usual.as_secs_f64()), "{usual:?}");
    let look_again = |ms| UpkeepReply {
        look_again: Some(Duration::from_millis(ms)),
        ..reply
    };
    assert_eq!(wait_after(look_again(250), EVERY), Duration::from_millis(250));
    assert!(wait_after(look_again(60_000), EVERY) <= EVERY.mul_f64(1.1));
    let quiet = wait_after(reply, EVERY_WHILE_QUIET);
    assert!(
        (6.3..=7.7).contains(&quiet.as_secs_f64()),
        "less than a gap: {quiet:?}"
    );
    assert_eq!(
        wait_after(look_again(2500), EVERY_WHILE_QUIET),
        Duration::from_millis(2500)
    );
    let more = UpkeepReply {
        more: true,
        ..look_again(250)
    };
    assert_eq!(wait_after(more, EVERY_WHILE_QUIET), Duration::ZERO);
}

#[test]
fn the_history_of_an_account_may_take_a_quarter_of_the_store_unless_the_settings_say_otherwise() {
    let policy = |history_budget| Policy {
        history_budget,
        endpoint_concurrency: 32,
        destination_concurrency: 64,
        disable_after: 10,
        disable_min_span: Duration::ZERO,
        retention_succeeded: EVERY,
        retention_failed: EVERY,
        log_length: 1000,
        max_attempts: 10,
        delivery_timeout: EVERY,
        exhausted_budget: 1 << 30,
        operator_events: false,
    };
    for (set, limit, expected) in [
        (u64::MAX, Some(400), 100),
        (u64::MAX, None, u64::MAX),
        (7, Some(400), 7),
        (7, None, 7),
    ] {
        assert_eq!(with_history_budget(&policy(set), limit).history_budget, expected);
    }
}
