//! A streak of failures disables once it has lasted: by the clock, if no further failure comes.
//!
//! Proves (guarantees): After 10 consecutive failures, the endpoint is deactivated

use std::time::Duration;

use domain::endpoint::{DisabledReason, EndpointPatch, EndpointState, EndpointUrl, UrlPolicy};
use domain::id::EndpointId;
use store::queue::{Receipt, WorkRequest};

use crate::fixture::{Fixture, Worker, account, failed, refused, report, succeeded, wants};

/// An endpoint whose first burst of this many attempts failed at once, and is tried again after so many seconds (or never).
async fn after_a_burst(count: usize, retry_in: Option<u64>) -> (Fixture, EndpointId, Worker) {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_min_span = Duration::from_secs(10);
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push_many(count).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 64).await;
    assert_eq!(leased.len(), count);
    let request = WorkRequest {
        reports: leased
            .iter()
            .map(|leased| report(leased, failed(retry_in)))
            .collect(),
        ..wants(0)
    };
    let receipts = fixture.work(&mut worker, request).await.receipts;
    assert_eq!(receipts, vec![Receipt::Recorded; count]);
    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures as usize),
        (EndpointState::Active, count)
    );
    fixture.assert_sound().await;
    (fixture, endpoint, worker)
}

/// One step of upkeep; how many endpoints it disabled.
async fn upkeep(fixture: &Fixture) -> u32 {
    let reply = fixture.store.upkeep(&fixture.policy).await.unwrap();
    fixture.assert_sound().await;
    reply.disabled
}

#[tokio::test]
async fn a_burst_that_fails_at_once_disables_nobody_until_its_span_has_passed() {
    let (fixture, endpoint, _) = after_a_burst(32, Some(300)).await;
    let reply = fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!(reply.disabled, 0);
    let look_again = reply.look_again.unwrap();
    assert!(look_again > Duration::from_secs(8) && look_again <= Duration::from_secs(10));
    fixture.pass(Duration::from_secs(10)).await;
    assert_eq!(upkeep(&fixture).await, 1);
    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (seen.state, seen.disabled_reason, seen.consecutive_failures),
        (
            EndpointState::Disabled,
            Some(DisabledReason::ConsecutiveFailures),
            32
        )
    );
    assert_eq!(seen.queue.total(), 32, "what failed is parked");
    assert_eq!(fixture.sorted("failing").await, Vec::<String>::new());
    assert_eq!(upkeep(&fixture).await, 0);
}

#[tokio::test]
async fn a_success_within_the_span_ends_the_streak() {
    let (fixture, endpoint, mut worker) = after_a_burst(10, Some(5)).await;
    fixture.pass(Duration::from_secs(5)).await;
    let again = fixture.fetch(&mut worker, 64).await.remove(0);
    fixture.report(&mut worker, &again, succeeded()).await;
    assert_eq!(fixture.sorted("failing").await, Vec::<String>::new());
    fixture.pass(Duration::from_secs(60)).await;
    assert_eq!(upkeep(&fixture).await, 0);
    assert_eq!(fixture.get(&endpoint).await.state, EndpointState::Active);
}

#[tokio::test]
async fn nine_failures_never_disable_by_the_clock() {
    let (fixture, endpoint, _) = after_a_burst(9, Some(300)).await;
    fixture.pass(Duration::from_secs(200)).await;
    assert_eq!(upkeep(&fixture).await, 0);
    assert_eq!(fixture.get(&endpoint).await.state, EndpointState::Active);
}

#[tokio::test]
async fn the_clock_waits_for_a_retry_that_is_due_soon_and_for_what_is_in_flight() {
    let (fixture, endpoint, mut worker) = after_a_burst(10, Some(18)).await;
    fixture.pass(Duration::from_secs(11)).await;
    assert_eq!(upkeep(&fixture).await, 0, "a retry is due within a timeout");
    fixture.pass(Duration::from_secs(7)).await;
    let probe = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.pass(Duration::from_secs(8)).await;
    assert_eq!(upkeep(&fixture).await, 0, "it is in flight");
    assert_eq!(
        fixture.report(&mut worker, &probe, failed(Some(300))).await,
        Receipt::DisabledEndpoint,
        "and its failure decides"
    );
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 11);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn the_clock_stands_during_a_hold() {
    let (fixture, endpoint, mut worker) = after_a_burst(10, Some(5)).await;
    fixture.pass(Duration::from_secs(5)).await;
    let probe = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture
        .report(&mut worker, &probe, refused(Some(600), Some(5)))
        .await;
    fixture.pass(Duration::from_secs(590)).await;
    assert_eq!(upkeep(&fixture).await, 0);
    assert_eq!(fixture.get(&endpoint).await.state, EndpointState::Active);
    fixture.pass(Duration::from_secs(10)).await;
    let probe = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(upkeep(&fixture).await, 0, "one attempt asks first");
    fixture.report(&mut worker, &probe, succeeded()).await;
    assert_eq!(fixture.sorted("failing").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_clock_stands_while_a_workers_own_network_is_down() {
    let (fixture, _, _) = after_a_burst(10, Some(300)).await;
    fixture.pass(Duration::from_secs(20)).await;
    let now: u64 = fixture.hash("stats").await["clockRaw"].parse().unwrap();
    let mut outage = redis::cmd("HSET");
    outage
        .arg("wh:{0}:outages")
        .arg("0123456789abcdef")
        .arg(now + 60_000);
    let _: i64 = fixture.command(&outage).await;
    let disabled = fixture.store.upkeep(&fixture.policy).await.unwrap().disabled;
    assert_eq!(disabled, 0);
    let _: i64 = fixture.command(redis::cmd("DEL").arg("wh:{0}:outages")).await;
    fixture.pass(Duration::from_secs(1)).await;
    assert_eq!(upkeep(&fixture).await, 1);
}

#[tokio::test]
async fn a_new_url_gets_its_chance() {
    let (fixture, endpoint, mut worker) = after_a_burst(10, Some(5)).await;
    let patch = EndpointPatch {
        url: Some(EndpointUrl::parse("https://example.com/new", &UrlPolicy::default()).unwrap()),
        ..EndpointPatch::default()
    };
    let update = fixture.store.update_endpoint(&account(), &endpoint, &patch).await;
    update.unwrap().unwrap();
    fixture.pass(Duration::from_secs(600)).await;
    assert_eq!(upkeep(&fixture).await, 0);
    let next = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(
        fixture.report(&mut worker, &next, failed(Some(300))).await,
        Receipt::DisabledEndpoint
    );
}
