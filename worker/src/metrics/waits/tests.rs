use std::sync::Arc;

use domain::id::EventId;
use store::queue::AttemptRecord;

use super::*;
use crate::tests::leased;

fn metrics() -> WaitMetrics {
    WaitMetrics::new(&Registry::new()).unwrap()
}

/// A delivery of an event that was accepted at this moment (ms).
fn accepted_at(ms: u64) -> Leased {
    let mut lease = leased("https://a.example/", b"{}");
    let mut event = (*lease.event).clone();
    event.id = EventId::new(ms);
    lease.event = Arc::new(event);
    lease
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap()
}

fn failed(retry_in: Option<Duration>) -> Outcome {
    Outcome::Failed {
        retry_in,
        gone: false,
        rest: None,
        attempt: AttemptRecord::default(),
    }
}

#[test]
fn times_count_from_when_the_event_was_accepted() {
    let (metrics, mut lease) = (metrics(), accepted_at(1_700_000_000_000));
    let (retry, took) = (failed(Some(Duration::from_secs(5))), Duration::from_millis(200));
    metrics.attempted(&lease, &retry, took, at(1_700_000_000_500));
    assert_eq!(metrics.first_attempt.get_sample_count(), 1);
    assert!((metrics.first_attempt.get_sample_sum() - 0.3).abs() < 1e-9);
    assert_eq!(
        (metrics.delivered.get_sample_count(), metrics.exhausted.get()),
        (0, 0)
    );

    lease.attempt = 2;
    let succeeded = Outcome::Succeeded(AttemptRecord::default());
    metrics.attempted(&lease, &succeeded, took, at(1_700_000_006_000));
    assert_eq!(metrics.first_attempt.get_sample_count(), 1);
    assert!((metrics.delivered.get_sample_sum() - 6.0).abs() < 1e-9);
}

#[test]
fn the_last_failure_counts_and_replays_have_no_times() {
    let (metrics, mut lease) = (metrics(), accepted_at(1_700_000_000_000));
    lease.delivery = lease.delivery.replay();
    metrics.attempted(&lease, &failed(None), Duration::ZERO, at(1_700_000_000_500));
    assert_eq!(
        (metrics.first_attempt.get_sample_count(), metrics.exhausted.get()),
        (0, 1)
    );
}

#[test]
fn a_clock_that_is_behind_makes_no_negative_times() {
    let (metrics, lease) = (metrics(), accepted_at(1_700_000_000_000));
    let succeeded = Outcome::Succeeded(AttemptRecord::default());
    metrics.attempted(&lease, &succeeded, Duration::from_secs(1), at(1_600_000_000_000));
    assert_eq!(metrics.delivered.get_sample_count(), 1);
    assert!(metrics.delivered.get_sample_sum().abs() < 1e-9);
}
