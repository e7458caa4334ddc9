use super::*;

#[test]
fn who_keeps_up_the_rate_never_falls_behind_and_who_drips_does_after_the_grace() {
    let now = Instant::now();
    let (grace, rate) = (Duration::from_secs(1), 64 << 10);
    for (bytes, behind_after) in [
        (0, Duration::from_secs(1)),
        // A byte every four seconds buys next to nothing.
        (15, Duration::from_micros(1_000_228)),
        (64 << 10, Duration::from_secs(2)),
        (10 * (64 << 10), Duration::from_secs(11)),
        (usize::MAX, Duration::from_secs(86_401)),
    ] {
        let mut pace = Pace::new(now);
        pace.went(bytes);
        assert_eq!(pace.behind_from(grace, rate), now + behind_after, "{bytes}");
    }
    assert!(Pace::new(now).behind_from(grace, 0) > now);
}
