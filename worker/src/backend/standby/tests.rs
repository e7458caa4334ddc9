//! When a lease began that was handed over, and what a wait that was broken off waits for.

use super::*;

fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis).unwrap()
}

#[test]
fn a_lease_is_never_taken_for_younger_than_it_is() {
    let standby = Standby::default();
    let asked = Instant::now();
    let now = asked + Duration::from_secs(60);
    assert_eq!(standby.before(time(0), now), now);
    standby.called(asked, time(0));
    assert_eq!(standby.before(time(5000), now), asked + Duration::from_secs(5));
    assert_eq!(standby.before(time(-5000), now), asked, "the clock was set back");
    assert_eq!(standby.before(time(3_600_000), now), now, "or forward");
}

#[tokio::test]
async fn a_wait_that_was_broken_off_goes_on_once_that_is_told() {
    let standby = Standby::default();
    standby.has_told();
    let mut broken = std::pin::pin!(standby.break_off());
    assert!(
        futures_util::poll!(&mut broken).is_pending(),
        "an earlier call said nothing of it"
    );
    assert!(standby.has_missed());
    standby.has_told();
    assert!(futures_util::poll!(&mut broken).is_ready());
    assert!(!standby.has_missed());
}
