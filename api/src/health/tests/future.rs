//! When an endpoint is attempted next, when it is disabled, and what waits there.

use super::*;
use proptest::prelude::*;

#[test]
fn a_healthy_endpoint_has_no_future_to_tell() {
    let health = EndpointHealth::of(&facts(endpoint()));
    assert_eq!((health.disable_after, health.failures_until_disabled), (10, 10));
    assert_eq!(
        (health.disabled_at_this_pace, health.next_attempt_at),
        (None, None)
    );
    assert_eq!(
        (health.queue, health.parked),
        (Queue::default(), Parked::default())
    );
    let told = EndpointFacts {
        policy: Some(policy()),
        ..facts(endpoint())
    };
    let health = EndpointHealth::of(&told);
    assert_eq!((health.disable_after, health.failures_until_disabled), (5, 5));
}

#[test]
fn a_streak_goes_on_at_its_own_pace() {
    let disabled_at = |endpoint| EndpointHealth::of(&facts(endpoint)).disabled_at_this_pace;
    // Four failures in 60 s: one every 20 s, and six are missing.
    assert_eq!(disabled_at(failing(4, 60)), Some(ago(-120)));
    assert_eq!(disabled_at(failing(9, 80)), Some(ago(-10)));
    // While no failure comes, the time moves away.
    assert_eq!(disabled_at(failing(4, 120)), Some(ago(-240)));
    // One failure is no pace, and what isn't active won't be disabled.
    assert_eq!(disabled_at(failing(1, 60)), None);
    assert_eq!(disabled_at(disabled(DisabledReason::ConsecutiveFailures)), None);
    // So slow that it never comes.
    let forever = Endpoint {
        failing_since: Timestamp::from_millis(0),
        ..failing(2, 0)
    };
    let slow = EndpointFacts {
        policy: Some(Policy {
            disable_after: u32::MAX,
            ..policy()
        }),
        ..facts(forever)
    };
    assert_eq!(EndpointHealth::of(&slow).disabled_at_this_pace, None);
}

#[test]
fn a_streak_disables_no_earlier_than_it_can() {
    // The next attempt, which may be the last strike, comes later than the pace says.
    let waiting = EndpointFacts {
        nearest_retry: Some(ago(-3600)),
        ..facts(failing(9, 80))
    };
    assert_eq!(
        EndpointHealth::of(&waiting).disabled_at_this_pace,
        Some(ago(-3600))
    );
    // The streak must last longer.
    let spanned = EndpointFacts {
        policy: Some(Policy {
            disable_min_span: Duration::from_secs(300),
            ..policy()
        }),
        ..facts(failing(4, 60))
    };
    assert_eq!(
        EndpointHealth::of(&spanned).disabled_at_this_pace,
        Some(ago(-240))
    );
    // It is long enough in number, and no clock watches it: one more failure, after its time.
    let long = EndpointFacts {
        endpoint: failing(7, 60),
        ..spanned
    };
    let health = EndpointHealth::of(&long);
    assert_eq!(health.failures_until_disabled, 1);
    assert_eq!(health.disabled_at_this_pace, Some(ago(-240)));
    // The clock disables it without another failure.
    let watched = EndpointFacts {
        disabled_by_clock_at: Some(ago(-240)),
        ..long
    };
    let health = EndpointHealth::of(&watched);
    assert_eq!(health.failures_until_disabled, 0);
    assert_eq!(health.disabled_at_this_pace, Some(ago(-240)));
}

#[test]
fn the_clock_disables_what_has_failed_often_enough() {
    let disabled_at = |facts: &EndpointFacts| EndpointHealth::of(facts).disabled_at_this_pace;
    let fresh = watched(failing(10, 4));
    assert_eq!(disabled_at(&fresh), Some(ago(-6)));
    // It is late: any moment now.
    let late = EndpointFacts {
        disabled_by_clock_at: Some(ago(3)),
        ..fresh.clone()
    };
    assert_eq!(disabled_at(&late), Some(ago(0)));
    // It stands during a hold, and during our own outage, when nothing counts.
    let held = watched(Endpoint {
        held_until: Some(ago(-30)),
        ..failing(10, 4)
    });
    assert_eq!(disabled_at(&held), Some(ago(-30)));
    for failures in [4, 10] {
        let ours = EndpointFacts {
            own_outage: true,
            ..watched(failing(failures, 4))
        };
        assert_eq!(disabled_at(&ours), None);
    }
}

#[test]
fn a_hold_a_rest_and_a_rate_limit_put_the_next_attempt_off() {
    let next = |endpoint: Endpoint, retry| {
        let facts = EndpointFacts {
            nearest_retry: retry,
            ..facts(endpoint)
        };
        EndpointHealth::of(&facts).next_attempt_at
    };
    let waiting = |held: i64, paced: i64, rate_limit| {
        let mut endpoint = Endpoint {
            held_until: Some(ago(-held)),
            paced_until: Some(ago(-paced)),
            rate_limit: RateLimit::new(rate_limit),
            ..endpoint()
        };
        endpoint.queue.waiting = 1;
        endpoint
    };
    assert_eq!(next(waiting(-5, -5, 5), None), Some(ago(0)), "both are over");
    assert_eq!(next(waiting(60, 2, 5), None), Some(ago(-60)));
    assert_eq!(next(waiting(-5, 2, 5), None), Some(ago(-2)));
    assert_eq!(
        next(waiting(-5, 2, 0), None),
        Some(ago(-2)),
        "without a limit it rests"
    );
    let held = Endpoint {
        held_until: Some(ago(-60)),
        ..endpoint()
    };
    assert_eq!(next(held.clone(), None), None);
    assert_eq!(next(held.clone(), Some(ago(-5))), Some(ago(-60)));
    assert_eq!(next(held, Some(ago(-90))), Some(ago(-90)));
}

#[test]
fn the_next_attempt_is_now_or_when_the_nearest_retry_is_due() {
    let with = |waiting, nearest_retry| {
        let mut facts = facts(endpoint());
        facts.endpoint.queue.waiting = waiting;
        facts.nearest_retry = nearest_retry;
        EndpointHealth::of(&facts).next_attempt_at
    };
    assert_eq!(with(0, None), None);
    assert_eq!(with(1, Some(ago(-30))), Some(ago(0)));
    assert_eq!(with(0, Some(ago(-30))), Some(ago(-30)));
    assert_eq!(with(0, Some(ago(30))), Some(ago(0)), "overdue");
    let parked = EndpointFacts {
        nearest_retry: Some(ago(-30)),
        ..facts(disabled(DisabledReason::Gone))
    };
    assert_eq!(EndpointHealth::of(&parked).next_attempt_at, None);
}

#[test]
fn what_waits_is_in_the_queue_or_parked() {
    let depth = QueueDepth {
        waiting: 7,
        retrying: 2,
        in_flight: 1,
        bytes: 1234,
    };
    let judged = |state| {
        let endpoint = Endpoint {
            state,
            queue: depth,
            ..endpoint()
        };
        let facts = EndpointFacts {
            oldest_waiting: Some(ago(90)),
            ..facts(endpoint)
        };
        let health = EndpointHealth::of(&facts);
        (health.failures_until_disabled, health.queue, health.parked)
    };
    let queue = Queue {
        waiting: 7,
        retrying: 2,
        in_flight: 1,
        oldest_waiting_since: Some(ago(90)),
    };
    assert_eq!(judged(EndpointState::Active), (10, queue, Parked::default()));
    let left = Queue {
        in_flight: 1,
        ..Queue::default()
    };
    let parked = Parked {
        deliveries: 9,
        bytes: 1234,
    };
    for state in [EndpointState::Disabled, EndpointState::Off] {
        assert_eq!(judged(state), (0, left, parked), "{state:?}");
    }
}

proptest! {
    #[test]
    fn a_time_that_is_told_has_not_passed(failures in 0_u32..50, since in 0_i64..100_000, retry in proptest::option::of(-1000_i64..1000), waiting in 0_u64..2, watched: bool) {
        let mut facts = facts(failing(failures, since));
        facts.nearest_retry = retry.map(ago);
        facts.endpoint.queue.waiting = waiting;
        facts.policy = Some(policy());
        facts.disabled_by_clock_at = watched.then(|| ago(-7)).filter(|_| failures >= 5);
        let health = EndpointHealth::of(&facts);
        for time in [health.disabled_at_this_pace, health.next_attempt_at].into_iter().flatten() {
            prop_assert!(time >= facts.now);
        }
        // Only the clock disables without another attempt.
        let by_clock = health.failures_until_disabled == 0;
        prop_assert!(by_clock || health.disabled_at_this_pace.is_none_or(|at| health.next_attempt_at.is_none_or(|next| at >= next)));
        prop_assert_eq!(by_clock, facts.disabled_by_clock_at.is_some());
        prop_assert!(health.failures_until_disabled <= health.disable_after);
    }
}
