//! The queue recovers from lost answers, lost leases, lost workers and clocks that jump.

use std::time::Duration;

use store::StoreError;
use store::queue::{Outcome, Receipt, Woken, WorkRequest};

use crate::fixture::{Fixture, Worker, failed, report, succeeded, wants};

#[tokio::test]
async fn the_same_sequence_returns_the_same_leases_and_a_lower_one_is_refused() {
    let (fixture, endpoint) = Fixture::with_events(10).await;
    let mut worker = Worker::new();
    let first = fixture.work(&mut worker, wants(3)).await;
    let request = WorkRequest {
        reports: vec![
            report(&first.leased[0], failed(Some(60))),
            report(&first.leased[1], succeeded()),
        ],
        ..wants(4)
    };
    let second = fixture.work(&mut worker, request.clone()).await;
    let before = fixture.hash(&format!("endpoint:{endpoint}")).await;

    worker.sequence -= 1;
    let again = fixture.work(&mut worker, request).await;
    let ids = |reply: &store::queue::WorkReply| {
        let mut ids: Vec<_> = reply
            .leased
            .iter()
            .map(|l| (l.delivery.to_string(), l.token.clone(), l.attempt))
            .collect();
        ids.sort_by(|one, other| one.0.cmp(&other.0));
        ids
    };
    assert_eq!(ids(&again), ids(&second));
    assert_eq!(again.receipts, second.receipts);
    assert_eq!(fixture.hash(&format!("endpoint:{endpoint}")).await, before);

    let late = WorkRequest {
        sequence: 1,
        ..wants(3)
    };
    let refused = fixture
        .store
        .work(&worker.incarnation, &fixture.policy, &late)
        .await;
    assert!(matches!(refused, Err(StoreError::Unexpected(_))), "{refused:?}");
}

#[tokio::test]
async fn a_lost_lease_comes_back_without_a_strike_and_late_reports_are_fenced_off() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    let (mut dead, mut alive) = (Worker::new(), Worker::new());
    let lost = fixture.fetch(&mut dead, 1).await.remove(0);
    assert!(fixture.fetch(&mut alive, 1).await.is_empty());
    // In small steps: a gap in reaping would mean that Redis, or every worker, was away.
    for _ in 0..3 {
        fixture.pass(Duration::from_secs(8)).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
    }
    let again = fixture.fetch(&mut alive, 1).await.remove(0);
    assert_eq!(
        (&again.delivery, again.attempt),
        (&lost.delivery, 1),
        "a lost lease is no attempt"
    );
    assert_eq!(
        fixture.report(&mut dead, &lost, failed(Some(5))).await,
        Receipt::Stale
    );
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 0);
    assert_eq!(
        fixture.report(&mut alive, &again, succeeded()).await,
        Receipt::Recorded
    );
    fixture.assert_drained().await;
}

#[tokio::test]
async fn an_expired_lease_whose_token_stands_can_still_be_completed() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.pass(Duration::from_secs(3600)).await;
    assert_eq!(
        fixture.report(&mut worker, &leased, succeeded()).await,
        Receipt::Recorded
    );
    fixture.assert_drained().await;
}

#[tokio::test]
async fn after_a_gap_in_reaping_workers_report_first() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.pass(Duration::from_secs(60)).await;
    assert_eq!(fixture.store.upkeep(&fixture.policy).await.unwrap().reaped, 0);
    fixture.pass(Duration::from_secs(8)).await;
    assert_eq!(fixture.store.upkeep(&fixture.policy).await.unwrap().reaped, 0);
    assert_eq!(
        fixture.report(&mut worker, &leased, succeeded()).await,
        Receipt::Recorded
    );
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_delivery_that_loses_three_leases_is_quarantined_and_others_flow() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    let mut poison = fixture.fetch(&mut worker, 1).await.remove(0);
    for loss in 1..=3 {
        fixture.report(&mut worker, &poison, Outcome::Crashed).await;
        if loss < 3 {
            poison = fixture.fetch(&mut worker, 1).await.remove(0);
        }
    }
    let record = fixture.hash(&format!("delivery:{}", poison.delivery)).await;
    assert_eq!(
        (
            record["state"].as_str(),
            record["lostLeases"].as_str(),
            record["attempts"].as_str()
        ),
        ("quarantined", "3", "0")
    );
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 0);
    fixture.push().await;
    let other = fixture.fetch(&mut worker, 10).await;
    assert_eq!(other.len(), 1);
    fixture.report(&mut worker, &other[0], succeeded()).await;

    fixture.pass(Duration::from_secs(6)).await;
    let served = fixture.work(&mut worker, wants(10)).await;
    assert_eq!(served.suspects, [poison.delivery.clone()]);
    let again = served.leased;
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].delivery, again[0].attempt), (&poison.delivery, 1));
    fixture.report(&mut worker, &again[0], succeeded()).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn clocks_that_jump_cause_no_storm_and_no_stall() {
    let (fixture, _) = Fixture::with_events(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, failed(Some(30))).await;
    let other = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &other, succeeded()).await;

    fixture.step_clock(-3_600_000).await;
    assert!(fixture.fetch(&mut worker, 10).await.is_empty(), "not due yet");
    fixture.pass(Duration::from_secs(31)).await;
    let again = fixture.fetch(&mut worker, 10).await;
    assert_eq!(again.len(), 1, "time went on from where it was");
    fixture.report(&mut worker, &again[0], failed(Some(30))).await;

    fixture.step_clock(3_600_000).await;
    let early = fixture.fetch(&mut worker, 10).await;
    assert_eq!(early.len(), 1, "a jump forward brings retries early, each once");
    fixture.report(&mut worker, &early[0], failed(Some(30))).await;
    fixture.step_clock(-3_600_000).await;
    assert!(fixture.fetch(&mut worker, 10).await.is_empty());
    fixture.pass(Duration::from_secs(31)).await;
    let last = fixture.fetch(&mut worker, 10).await;
    assert_eq!(last.len(), 1);
    fixture.report(&mut worker, &last[0], succeeded()).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_wake_token_ends_the_wait() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let incarnation = Worker::new().incarnation;
    let woken = fixture
        .store
        .wait_for_work(&incarnation, Duration::from_millis(50))
        .await
        .unwrap();
    assert!(matches!(woken, Woken::Nothing));
    let store = fixture.store.clone();
    let waiting =
        tokio::spawn(async move { store.wait_for_work(&incarnation, Duration::from_secs(30)).await });
    fixture.push().await;
    assert!(matches!(waiting.await.unwrap().unwrap(), Woken::Token));
}

#[tokio::test]
async fn the_store_outlives_its_server() {
    let mut fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    fixture.redis.kill9();
    let down = fixture
        .store
        .get_endpoint(&crate::fixture::account(), &endpoint)
        .await;
    assert!(matches!(down, Err(StoreError::Unavailable(_))), "{down:?}");
    fixture.redis.restart();
    assert_eq!(fixture.get(&endpoint).await.queue.total(), 1);
    fixture.redis.stop_signal();
    let hung = fixture
        .store
        .get_endpoint(&crate::fixture::account(), &endpoint)
        .await;
    assert!(matches!(hung, Err(StoreError::Unavailable(_))), "{hung:?}");
    fixture.redis.cont();
    assert_eq!(fixture.get(&endpoint).await.queue.total(), 1);
}

#[tokio::test]
async fn scripts_and_connections_may_vanish() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let _: String = fixture.command(redis::cmd("SCRIPT").arg("FLUSH")).await;
    let _: String = fixture.command(redis::cmd("FUNCTION").arg("FLUSH")).await;
    fixture.push().await;
    let _: i64 = fixture
        .command(
            redis::cmd("CLIENT")
                .arg("KILL")
                .arg("TYPE")
                .arg("normal")
                .arg("SKIPME")
                .arg("yes"),
        )
        .await;
    fixture.push().await;
    assert_eq!(fixture.fetch(&mut Worker::new(), 10).await.len(), 2);
}
