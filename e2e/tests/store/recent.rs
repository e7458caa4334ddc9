//! What is kept of an endpoint's latest attempts beside it, and of what became of an account's deliveries: by hours, then by days.
//!
//! Proves (guarantees): an endpoint's counts of attempts, and an account's of deliveries, are there for 24 hours and 90 days

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::{AttemptCounts, Recent};
use domain::id::EndpointId;
use store::queue::{Outcome, WorkRequest};

use crate::fixture::{Fixture, Worker, account, failed, report, succeeded, wants};

const HOUR: Duration = Duration::from_secs(3600);

/// Attempts so many deliveries, each with this outcome.
async fn attempt(fixture: &Fixture, worker: &mut Worker, count: usize, outcome: fn() -> Outcome) {
    fixture.push_many(count).await;
    let mut attempted = 0;
    while attempted < count {
        let leased = fixture.fetch(worker, 8).await;
        attempted += leased.len();
        let reports = leased.iter().map(|leased| report(leased, outcome())).collect();
        fixture.work(worker, WorkRequest { reports, ..wants(0) }).await;
    }
}

async fn recent(fixture: &Fixture, endpoint: &EndpointId) -> (Recent, Timestamp) {
    let facts = fixture
        .store
        .endpoint_facts(&account(), endpoint)
        .await
        .unwrap()
        .unwrap();
    (facts.endpoint.recent, facts.now)
}

const fn counts(succeeded: u64, failed: u64) -> AttemptCounts {
    AttemptCounts { succeeded, failed }
}

#[tokio::test]
async fn the_latest_attempts_are_counted_by_hours_and_then_by_days() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    attempt(&fixture, &mut worker, 6, succeeded).await;
    attempt(&fixture, &mut worker, 2, || failed(None)).await;
    let (then, began) = recent(&fixture, &endpoint).await;
    assert_eq!((then.attempts(), then.success_rate()), (8, Some(0.75)));
    assert!(then.p95().is_some());
    let error = then.last_error.clone().unwrap();
    assert_eq!((error.status, error.error.as_str()), (Some(500), "http_status"));
    let hour = began.as_millis() / 3_600_000;
    assert_eq!(then.in_hour(hour), counts(6, 2));

    let mut expected = vec![(hour, counts(6, 2))];
    for (hours, more) in [(1, 1), (3, 2), (25, 3), (24 * 40, 4), (24 * 49, 5), (24 * 60, 6)] {
        fixture.pass(HOUR * hours).await;
        attempt(&fixture, &mut worker, more, succeeded).await;
        let (recent, now) = recent(&fixture, &endpoint).await;
        let this = now.as_millis() / 3_600_000;
        expected.push((this, counts(u64::try_from(more).unwrap(), 0)));
        let within = |most: u64| expected.iter().filter(move |(hour, _)| hour + most > this);
        for (hour, counts) in within(24) {
            assert_eq!(recent.in_hour(*hour), *counts, "{hour} at {this}");
        }
        let today = this / 24;
        for day in today - 100..=today {
            let known = expected
                .iter()
                .filter(|(hour, _)| hour / 24 == day && day + 90 > today);
            let sum = known.fold((0, 0), |sum, (_, one)| {
                (sum.0 + one.succeeded, sum.1 + one.failed)
            });
            assert_eq!(recent.on_day(day), counts(sum.0, sum.1), "day {day} at {today}");
        }
        let facts = fixture.store.account_facts(&account()).await.unwrap();
        for day in today - 89..=today {
            let known = expected.iter().filter(|(hour, _)| hour / 24 == day);
            let sum: u64 = known.map(|(_, one)| one.succeeded).sum();
            let found = facts
                .days
                .get(&(day, "succeeded".to_owned()))
                .copied()
                .unwrap_or(0);
            assert_eq!(found, sum, "day {day} at {today}");
        }
        assert!(
            facts.days.keys().all(|(day, _)| day + 91 > today),
            "{:?}",
            facts.days
        );
    }
    fixture.assert_sound().await;
}

#[tokio::test]
async fn the_last_hundred_attempts_are_kept_also_if_nothing_is_fetched_with_the_reports() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    attempt(&fixture, &mut worker, 5, || failed(None)).await;
    assert_eq!(recent(&fixture, &endpoint).await.0.success_rate(), Some(0.0));
    attempt(&fixture, &mut worker, 120, succeeded).await;
    let (recent, now) = recent(&fixture, &endpoint).await;
    assert_eq!((recent.attempts(), recent.success_rate()), (100, Some(1.0)));
    let hour = now.as_millis() / 3_600_000;
    let (this, before) = (recent.in_hour(hour), recent.in_hour(hour - 1));
    assert_eq!(
        (this.succeeded + before.succeeded, this.failed + before.failed),
        (120, 5)
    );
}
