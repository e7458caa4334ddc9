//! Retries come forward when things are better: after another URL, after a success that ends a streak of different deliveries, and
//! when somebody asks for it.
//!
//! Proves (guarantees): a corrected URL, and a success after failures of three deliveries, bring waiting retries forward

use std::time::Duration;

use domain::endpoint::ParkedAction::Deliver;
use domain::endpoint::{EndpointPatch, EndpointUrl, UrlPolicy};
use domain::id::EndpointId;
use store::endpoints::RetryNow;
use store::queue::{AttemptRecord, Outcome};

use crate::fixture::{Fixture, Worker, account, report, succeeded, wants};
use crate::parked_scene::{HOUR, fixture};

/// A failure with this code and status, and another attempt in an hour.
fn failure(error: &'static str, status: Option<u16>) -> Outcome {
    Outcome::Failed {
        attempt: AttemptRecord {
            status,
            error: Some(error),
            duration: Duration::from_millis(7),
            ..AttemptRecord::default()
        },
        retry_in: Some(HOUR),
        gone: false,
        rest: None,
    }
}

impl Fixture {
    /// Makes a delivery that failed like this and waits for an hour.
    async fn waits_after(&self, worker: &mut Worker, outcome: Outcome) {
        self.push().await;
        let leased = self.lease(worker, 1).await;
        self.end(worker, &leased, || outcome.clone()).await;
    }

    async fn correct_url(&self, id: &EndpointId, path: &str) {
        let url = format!("https://example.com/{path}");
        let patch = EndpointPatch {
            url: Some(EndpointUrl::parse(&url, &UrlPolicy::default()).unwrap()),
            ..EndpointPatch::default()
        };
        let changed = self.store.update_endpoint(&account(), id, &patch).await;
        assert!(changed.unwrap().is_some());
    }

    /// How many retries come within this time.
    async fn within(&self, id: &EndpointId, span: Duration) -> u64 {
        let now = self.store.time().await.unwrap().as_millis();
        let until = now + u64::try_from(span.as_millis()).unwrap();
        let mut count = redis::cmd("ZCOUNT");
        count
            .arg(crate::parked_scene::key(&format!("retry:{id}")))
            .arg("-inf");
        self.command(count.arg(until)).await
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn another_url_brings_forward_what_waits_for_trouble_that_passes() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    for (error, status) in [
        ("connect", None),
        ("dns", None),
        ("timeout", None),
        ("http_status", Some(429)),
        ("http_status", Some(500)),
        ("http_status", Some(503)),
    ] {
        fixture.waits_after(&mut worker, failure(error, status)).await;
    }
    for (error, status) in [
        ("http_status", Some(404)),
        ("redirect", Some(301)),
        ("tls", None),
        ("protocol", None),
        ("blocked_address", None),
    ] {
        fixture.waits_after(&mut worker, failure(error, status)).await;
    }
    assert_eq!(fixture.within(&id, MINUTE).await, 0);
    fixture.correct_url(&id, "other").await;
    fixture.upkeep().await;
    assert_eq!(
        (fixture.within(&id, MINUTE).await, fixture.waiting(&id).await),
        (6, (0, 11))
    );
    fixture.assert_no_violation().await;

    // They come, and say so beforehand.
    let brought = fixture.sorted(&format!("retry:{id}")).await;
    let record = fixture.hash(&format!("delivery:{}", brought[0])).await;
    let told: u64 = record["nextAttemptAt"].parse().unwrap();
    let now = fixture.store.time().await.unwrap().as_millis();
    assert!(told < now + 60_000, "{told} at {now}");
    fixture.pass(MINUTE).await;
    let leased = fixture.lease(&mut worker, 20).await;
    assert_eq!(leased.len(), 1, "it starts slowly");

    // Each only once: the same failure again waits for its own time.
    fixture
        .end(&mut worker, &leased, || failure("connect", None))
        .await;
    fixture.correct_url(&id, "third").await;
    fixture.upkeep().await;
    assert!(fixture.within(&id, 30 * MINUTE).await < 6);
    assert!(
        !fixture
            .hash(&format!("endpoint:{id}"))
            .await
            .contains_key("forward")
    );
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn a_success_after_failures_of_three_deliveries_brings_the_others_forward() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    for failing in [2_u64, 3] {
        for _ in 0..failing {
            fixture.waits_after(&mut worker, failure("connect", None)).await;
        }
        fixture.push().await;
        let leased = fixture.lease(&mut worker, 1).await;
        fixture.end(&mut worker, &leased, succeeded).await;
        fixture.upkeep().await;
        let expected = if failing == 2 { 0 } else { 5 };
        assert_eq!(fixture.within(&id, MINUTE).await, expected, "after {failing}");
    }
    fixture.assert_no_violation().await;
}

/// One event that its receiver can't take, in between what it can: that is no trouble of the endpoint's.
#[tokio::test]
async fn one_delivery_that_fails_again_and_again_brings_nothing_forward() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    fixture
        .waits_after(&mut worker, failure("http_status", Some(500)))
        .await;
    for _ in 0..4 {
        fixture.pass(HOUR + MINUTE).await;
        let leased = fixture.lease(&mut worker, 1).await;
        fixture
            .end(&mut worker, &leased, || failure("http_status", Some(500)))
            .await;
    }
    fixture.push().await;
    let leased = fixture.lease(&mut worker, 1).await;
    fixture.end(&mut worker, &leased, succeeded).await;
    fixture.upkeep().await;
    assert_eq!(
        (fixture.within(&id, MINUTE).await, fixture.waiting(&id).await),
        (0, (0, 1))
    );
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn whoever_asks_gets_a_few_retries_at_once() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    let store = &fixture.store;
    let nobody = store.retry_now(&"org:other".parse().unwrap(), &id).await.unwrap();
    assert_eq!(nobody, RetryNow::EndpointNotFound);
    assert_eq!(
        store.retry_now(&account(), &id).await.unwrap(),
        RetryNow::Retried(0)
    );

    // A few come within a moment, whatever they wait for, and as often as somebody asks.
    let mut worker = Worker::new();
    for _ in 0..2 {
        let leased = if fixture.waiting(&id).await == (0, 0) {
            fixture.push().await;
            fixture.lease(&mut worker, 1).await
        } else {
            fixture.pass(Duration::from_secs(1)).await;
            fixture.lease(&mut worker, 1).await
        };
        assert_eq!(leased.len(), 1);
        fixture.end(&mut worker, &leased, || failure("tls", None)).await;
        assert_eq!(
            store.retry_now(&account(), &id).await.unwrap(),
            RetryNow::Retried(1)
        );
        assert_eq!(fixture.within(&id, Duration::from_secs(1)).await, 1);
    }
}

/// Another call while upkeep is at it does no harm.
#[tokio::test]
async fn whoever_asks_gets_many_retries_within_a_minute_in_bounded_steps() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    let store = &fixture.store;
    fixture.retries(1000).await;
    assert_eq!(
        store.retry_now(&account(), &id).await.unwrap(),
        RetryNow::Retried(1000)
    );
    assert!(fixture.within(&id, MINUTE).await <= 200, "a step is bounded");
    store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!(
        store.retry_now(&account(), &id).await.unwrap(),
        RetryNow::Retried(1000)
    );
    fixture.upkeep().await;
    assert_eq!(fixture.within(&id, MINUTE).await, 1000);
    let half = fixture.within(&id, MINUTE / 2).await;
    assert!((300..700).contains(&half), "they are spread: {half}");
    fixture.assert_no_violation().await;

    // What is parked comes when the endpoint is switched on, and not before.
    fixture.switch(&id, false, Deliver).await;
    assert_eq!(
        store.retry_now(&account(), &id).await.unwrap(),
        RetryNow::Inactive
    );
    fixture.upkeep().await;
    fixture.assert_no_violation().await;
}

/// An endpoint that stops being active, or goes, takes the job with it.
#[tokio::test]
async fn what_is_brought_forward_is_parked_or_removed_like_everything_else() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.retries(500).await;
    fixture.store.retry_now(&account(), &id).await.unwrap();
    fixture.switch(&id, false, Deliver).await;
    fixture.upkeep().await;
    assert_eq!(fixture.get(&id).await.queue.total(), 500);
    assert_eq!(fixture.count("EXISTS", "chores").await, 0);
    fixture.switch(&id, true, Deliver).await;
    fixture.upkeep().await;
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 1).await;
    let request = store::queue::WorkRequest {
        reports: vec![report(&leased[0], succeeded())],
        ..wants(0)
    };
    fixture.work(&mut worker, request).await;
    assert!(fixture.store.remove_endpoint(&account(), &id).await.unwrap());
    fixture.upkeep().await;
    assert_eq!(fixture.hash("stats").await["canceled"], "499");
    fixture.assert_drained().await;
}
