//! All scripts read one clock, and nothing ends too early because Redis's was wrong for a while.
//!
//! Proves (guarantees): clocks step an hour back and forth, also while attempts take up to `DELIVERY_TIMEOUT`

use std::time::Duration;

use store::queue::Receipt;

use crate::fixture::{Fixture, Worker, gone, succeeded};

const DAY: i64 = 86_400_000;

/// An endpoint that is disabled, with two deliveries parked.
async fn parked() -> (Fixture, String) {
    let (fixture, id) = Fixture::with_events(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, gone()).await;
    (fixture, id.to_string())
}

impl Fixture {
    /// Upkeep by a worker whose last upkeep was two seconds ago.
    async fn keep_up(&self) {
        let since = Some(Duration::from_secs(2));
        while self.store.upkeep_step(&self.policy, since, 0).await.unwrap().more {}
    }

    async fn exhausted(&self, id: &str) -> usize {
        self.sorted(&format!("failed:{id}")).await.len()
    }
}

#[tokio::test]
async fn what_is_accepted_after_the_clock_was_ahead_is_as_old_as_it_is() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await; // makes the store, too
    fixture.step_clock(20 * DAY).await;
    let ahead = fixture.store.time().await.unwrap();
    fixture.endpoint(&["*"]).await; // keeps the clock
    fixture.step_clock(-20 * DAY).await;
    let event = fixture.push().await;
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    let accepted: u64 = fixture.hash(&format!("event:{}", event.id)).await["acceptedAt"]
        .parse()
        .unwrap_or(0);
    let now = fixture.store.time().await.unwrap().as_millis();
    assert!(
        (ahead.as_millis()..=now).contains(&accepted),
        "{accepted} is not between {ahead} and {now}"
    );
}

#[tokio::test]
async fn who_only_reads_dates_things_as_scripts_do() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await; // makes the store, too
    for step in [0, 20 * DAY, -20 * DAY, 60_000, -120_000] {
        fixture.step_clock(step).await;
        for _ in ["before it is kept", "after"] {
            let before = fixture.store.time().await.unwrap();
            let read = fixture.store.overview_time().await.unwrap();
            let reading = fixture.store.reading().await.unwrap().at;
            let after = fixture.store.time().await.unwrap();
            let in_turn = [before, read, reading, after];
            assert!(in_turn.is_sorted(), "after a step of {step} ms: {in_turn:?}");
            fixture.endpoint(&["*"]).await; // keeps the clock
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_days_ahead_for_a_moment_ends_nothing_that_is_parked() {
    let (fixture, id) = parked().await;
    fixture.keep_up().await;
    fixture.step_clock(20 * DAY).await;
    for _ in 0..3 {
        fixture.keep_up().await;
        fixture.push_many(1).await;
        fixture.pass(Duration::from_secs(2)).await;
    }
    fixture.step_clock(-20 * DAY).await;
    fixture.push_many(1).await;
    // Longer than ages are in doubt after a step, and past the times at which upkeep looks.
    for _ in 0..180 {
        fixture.keep_up().await;
        fixture.pass(Duration::from_secs(30)).await;
    }
    assert_eq!(fixture.exhausted(&id).await, 0);
    assert_eq!(fixture.list(&format!("pending:{id}")).await.len(), 5);
    // And all of it ends when it is old.
    fixture.pass(Duration::from_secs(15 * 86_400)).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    assert_eq!(fixture.list(&format!("pending:{id}")).await.len(), 0);
    assert!(fixture.exhausted(&id).await >= 5);
}

#[tokio::test]
async fn after_a_step_of_the_clock_leases_wait_as_long_as_they_last() {
    let mut fixture = Fixture::new().await;
    fixture.policy.delivery_timeout = Duration::from_secs(60);
    fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    fixture.keep_up().await;
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.step_clock(3_600_000).await;
    for _ in 0..14 {
        assert_eq!(fixture.store.upkeep(&fixture.policy).await.unwrap().reaped, 0);
        fixture.pass(Duration::from_secs(8)).await;
    }
    assert_eq!(
        fixture.report(&mut worker, &leased, succeeded()).await,
        Receipt::Recorded
    );
    fixture.assert_drained().await;
}
