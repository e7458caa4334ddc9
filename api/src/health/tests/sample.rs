//! What the last attempts say: rate, times, and the most frequent failure.

use super::*;
use proptest::prelude::*;

fn judged(attempts: Vec<LoggedAttempt>) -> EndpointHealth {
    EndpointHealth::of(&EndpointFacts {
        attempts,
        ..facts(endpoint())
    })
}

fn top(attempts: Vec<LoggedAttempt>) -> TopFailure {
    judged(attempts).top_failure.unwrap()
}

fn refused(seconds: i64) -> LoggedAttempt {
    failure(seconds, "http_status", Some(401), "answered 401 Unauthorized")
}

fn broken(seconds: i64) -> LoggedAttempt {
    failure(
        seconds,
        "http_status",
        Some(500),
        "answered 500 Internal Server Error",
    )
}

#[test]
fn without_attempts_nothing_is_said_of_them() {
    let health = judged(Vec::new());
    assert_eq!((health.success_rate, health.p50, health.p95), (None, None, None));
    assert_eq!((health.sampled_attempts, health.top_failure), (0, None));
    // What was given up without an attempt is none.
    let health = judged(vec![given_up(1, "parked_overflow")]);
    assert_eq!((health.sampled_attempts, health.success_rate), (0, None));
    assert_eq!(health.top_failure.unwrap().error, "parked_overflow");
}

#[test]
fn times_are_those_of_the_nearest_rank() {
    let of = |milliseconds: &[u64]| {
        let attempts = milliseconds
            .iter()
            .map(|ms| LoggedAttempt {
                duration: Some(Duration::from_millis(*ms)),
                ..success(1)
            })
            .collect();
        let health = judged(attempts);
        [health.p50, health.p95].map(|time| time.unwrap().as_millis())
    };
    assert_eq!(of(&[7]), [7, 7]);
    assert_eq!(of(&[30, 10, 20]), [20, 30]);
    assert_eq!(of(&[4, 3, 2, 1]), [2, 4]);
    let hundred: Vec<_> = (1..=100).rev().collect();
    assert_eq!(of(&hundred), [50, 95]);
}

#[test]
fn the_rate_is_that_of_the_attempts() {
    let health = judged(vec![
        success(1),
        given_up(2, "payload_missing"),
        refused(3),
        success(4),
        success(5),
    ]);
    assert_eq!((health.sampled_attempts, health.success_rate), (4, Some(0.75)));
    assert_eq!(judged(vec![success(1)]).top_failure, None);
}

#[test]
fn what_is_held_is_neither_a_failure_nor_a_success() {
    let health = judged(vec![held(1), success(2), held(3), refused(4)]);
    assert_eq!((health.sampled_attempts, health.held_attempts), (2, 2));
    assert_eq!(health.success_rate, Some(0.5));
    let top = health.top_failure.unwrap();
    assert_eq!((top.status, top.count, top.since), (Some(401), 1, ago(4)));
    assert_eq!(judged(vec![held(1), held(2)]).top_failure, None);
    // Only what nothing else explains is laid to holds.
    let streak = |failures: u32, attempts: Vec<LoggedAttempt>| {
        let endpoint = Endpoint {
            consecutive_failures: failures,
            ..endpoint()
        };
        let facts = EndpointFacts {
            attempts,
            ..facts(endpoint)
        };
        EndpointHealth::of(&facts).top_failure
    };
    assert_eq!(streak(2, vec![held(1), held(2)]), None);
    let top = streak(
        3,
        vec![
            held(1),
            held(2),
            given_up(3, "parked_overflow"),
            held(4),
            success(5),
            held(6),
        ],
    )
    .unwrap();
    assert_eq!((top.status, top.count, top.since), (Some(429), 4, ago(4)));
    assert!(
        top.advice
            .starts_with("429 since 11:59 UTC: the receiver's rate limit"),
        "{}",
        top.advice
    );
    let top = streak(3, vec![held(1), held(2), refused(3)]).unwrap();
    assert_eq!((top.status, top.count), (Some(401), 1));
    // A hold ends no failure.
    let health = judged(vec![held(1), refused(60), held(90), refused(120)]);
    assert_eq!(health.top_failure.unwrap().since, ago(120));
}

#[test]
fn the_most_frequent_failure_wins_and_of_equals_the_newer_one() {
    let found = top(vec![broken(1), refused(2), refused(3), success(4)]);
    assert_eq!(
        (found.error.as_str(), found.status, found.count),
        ("http_status", Some(401), 2)
    );
    assert_eq!(top(vec![broken(1), refused(2)]).status, Some(500));
    assert_eq!(top(vec![refused(1), broken(2)]).status, Some(401));
    // What was given up is a consequence.
    let found = top(vec![
        given_up(1, "parked_overflow"),
        given_up(2, "parked_overflow"),
        refused(3),
    ]);
    assert_eq!((found.status, found.count), (Some(401), 1));
}

#[test]
fn a_failure_lasts_since_the_last_success() {
    // Another failure in between doesn't end it; what was before the success is over.
    let found = top(vec![
        refused(60),
        broken(120),
        refused(480),
        success(500),
        refused(3600),
    ]);
    assert_eq!((found.count, found.since), (3, ago(480)));
    assert_eq!(
        found.advice,
        "401 since 11:52 UTC: the signature is checked with another secret?"
    );
}

#[test]
fn a_failure_that_is_over_is_told_so() {
    let found = top(vec![success(30), refused(480), refused(600)]);
    assert_eq!((found.count, found.since), (2, ago(600)));
    assert!(
        found.advice.starts_with("401 until 11:52 UTC: "),
        "{}",
        found.advice
    );
    // Other failures do not end it.
    let found = top(vec![broken(30), refused(480), refused(600)]);
    assert!(
        found.advice.starts_with("401 since 11:50 UTC: "),
        "{}",
        found.advice
    );
}

#[test]
fn times_of_other_days_have_a_date() {
    let found = top(vec![refused(60), refused(86_400)]);
    assert!(
        found.advice.starts_with("401 since 2026-03-25 12:00 UTC: "),
        "{}",
        found.advice
    );
}

#[test]
fn the_workers_timeout_is_named() {
    let attempts = vec![failure(1, "timeout", None, "no answer within 2.5s")];
    let facts = EndpointFacts {
        attempts,
        policy: Some(policy()),
        ..facts(endpoint())
    };
    let found = EndpointHealth::of(&facts).top_failure.unwrap();
    assert_eq!(
        found.advice,
        "no answer within 2.5 s since 11:59 UTC: answer first and work later"
    );
}

proptest! {
    #[test]
    fn any_sample_is_told_within_its_bounds(kinds in proptest::collection::vec(0..5, 0..100)) {
        let attempts: Vec<_> = kinds.iter().zip(1..).map(|(kind, seconds)| match kind {
            0 => refused(seconds),
            1 => broken(seconds),
            2 => given_up(seconds, "parked_too_long"),
            _ => success(seconds),
        }).collect();
        let failed = attempts.iter().filter(|attempt| attempt.error.is_some()).count();
        let health = judged(attempts.clone());
        prop_assert!(health.success_rate.is_none_or(|rate| (0.0..=1.0).contains(&rate)));
        prop_assert_eq!(health.top_failure.is_some(), failed > 0);
        if let Some(top) = health.top_failure {
            prop_assert!((1..=failed).contains(&top.count));
            prop_assert!(attempts.iter().any(|attempt| attempt.at == top.since && attempt.status == top.status));
        }
    }
}
