//! What the workers know together of the way out, and strikes that are taken back.
//!
//! Proves (guarantees): our own network or resolver fails

use std::time::Duration;

use domain::endpoint::{EndpointState, ParkedAction};
use domain::id::EndpointId;
use store::check::broken_rules;
use store::egress::{Struck, TakenBack};
use store::queue::Incarnation;

use crate::fixture::{Fixture, Worker, failed, succeeded, wants};

const TEN: u32 = 10;

async fn take_back(fixture: &Fixture, operation: &str, disable_after: u32, struck: Struck) -> TakenBack {
    let struck = [struck];
    let taken = fixture.store.take_strikes_back(operation, disable_after, &struck);
    taken.await.unwrap()
}

fn struck(endpoint: &EndpointId, strikes: u32) -> Struck {
    Struck {
        endpoint: endpoint.clone(),
        strikes,
        ago: Duration::ZERO,
    }
}

async fn strike(fixture: &Fixture, worker: &mut Worker, times: usize) {
    for _ in 0..times {
        let leased = fixture.fetch(worker, 1).await.remove(0);
        fixture.report(worker, &leased, failed(Some(60))).await;
    }
}

async fn work_through(fixture: &Fixture, worker: &mut Worker) -> usize {
    let mut sent = 0;
    loop {
        fixture.store.upkeep_step(&fixture.policy, None, 0).await.unwrap();
        let leased = fixture.work(worker, wants(64)).await.leased;
        if leased.is_empty() {
            return sent;
        }
        for leased in leased {
            fixture.report(worker, &leased, succeeded()).await;
            sent += 1;
        }
    }
}

async fn assert_sound(fixture: &Fixture) {
    let violations = broken_rules(&fixture.store.snapshot(&|_| {}).await.unwrap());
    assert!(violations.is_empty(), "{violations:#?}");
}

#[tokio::test]
async fn an_endpoint_that_strikes_of_ours_disabled_is_active_again_with_all_that_it_had() {
    let (fixture, id) = Fixture::with_events(12).await;
    let mut worker = Worker::new();
    strike(&fixture, &mut worker, 10).await;
    assert_eq!(fixture.get(&id).await.state, EndpointState::Disabled);

    let all = [struck(&id, 10)];
    let taken = fixture.store.take_strikes_back("op", TEN, &all).await.unwrap();
    let expected = TakenBack {
        strikes: 10,
        endpoints: 1,
    };
    assert_eq!(taken, expected);
    let seen = fixture.get(&id).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures, seen.disabled_reason),
        (EndpointState::Active, 0, None)
    );
    assert_sound(&fixture).await;

    // Its answer was lost; meanwhile the endpoint was struck again.
    strike(&fixture, &mut worker, 1).await;
    let again = fixture.store.take_strikes_back("op", TEN, &all).await.unwrap();
    assert_eq!(again, expected);
    assert_eq!(fixture.get(&id).await.consecutive_failures, 1);

    fixture.pass(Duration::from_secs(61)).await;
    assert_eq!(work_through(&fixture, &mut worker).await, 12);
    assert_sound(&fixture).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn strikes_that_were_the_receivers_stay() {
    let (fixture, id) = Fixture::with_events(20).await;
    let mut worker = Worker::new();
    strike(&fixture, &mut worker, 7).await;
    let taken = take_back(&fixture, "one", TEN, struck(&id, 3)).await;
    assert_eq!(taken.strikes, 3);
    let seen = fixture.get(&id).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures),
        (EndpointState::Active, 4)
    );

    // A success and a new streak: what was before that is over.
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, succeeded()).await;
    fixture.pass(Duration::from_secs(10)).await;
    strike(&fixture, &mut worker, 2).await;
    let old = Struck {
        ago: Duration::from_secs(5),
        ..struck(&id, 4)
    };
    let taken = take_back(&fixture, "two", TEN, old).await;
    assert_eq!(taken, TakenBack::default());

    // Ten of the receiver's own among twelve: it stays disabled.
    strike(&fixture, &mut worker, 8).await;
    assert_eq!(fixture.get(&id).await.state, EndpointState::Disabled);
    let taken = take_back(&fixture, "three", 3, struck(&id, 2)).await;
    assert_eq!(taken.endpoints, 0);
    let seen = fixture.get(&id).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures),
        (EndpointState::Disabled, 8)
    );
    assert_sound(&fixture).await;
}

#[tokio::test]
async fn what_its_owner_switched_off_stays_off() {
    let (fixture, id) = Fixture::with_events(5).await;
    let mut worker = Worker::new();
    strike(&fixture, &mut worker, 3).await;
    fixture.switch(&id, false, ParkedAction::Deliver).await;
    let all = [struck(&id, 3), struck(&EndpointId::random(), 3)];
    let taken = fixture.store.take_strikes_back("op", TEN, &all).await.unwrap();
    assert_eq!(taken, TakenBack::default());
    assert_eq!(fixture.get(&id).await.state, EndpointState::Off);
    assert_sound(&fixture).await;
}

#[tokio::test]
async fn destinations_are_kept_for_an_hour_and_there_are_a_thousand_at_most() {
    let fixture = Fixture::new().await;
    let all: Vec<_> = (0..1100)
        .map(|number| format!("https://n{number}.test/ org:a"))
        .collect();
    for some in all.chunks(100) {
        let some: Vec<_> = some.iter().map(String::as_str).collect();
        fixture.store.note_destinations(&some).await.unwrap();
        fixture.pass(Duration::from_secs(1)).await;
    }
    let known = fixture.store.destinations().await.unwrap();
    assert_eq!(known.len(), 1000);
    assert!(known.iter().all(|(name, _)| !all[..100].contains(name)));
    assert!(known[0].1 < known[999].1, "the latest come first");

    fixture.pass(Duration::from_secs(3600)).await;
    assert_eq!(fixture.store.destinations().await.unwrap(), vec![]);
    fixture.store.note_destinations(&[&all[0]]).await.unwrap();
    assert_eq!(fixture.store.destinations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_outage_is_over_when_its_worker_says_so_or_no_longer_says_anything() {
    let fixture = Fixture::new().await;
    let (one, other) = (Incarnation::random(), Incarnation::random());
    let minute = Duration::from_secs(60);
    for incarnation in [&one, &other] {
        fixture.store.note_outage(incarnation, minute).await.unwrap();
    }
    assert_eq!(fixture.hash("outages").await.len(), 2);
    fixture.store.note_outage(&one, Duration::ZERO).await.unwrap();
    assert_eq!(fixture.hash("outages").await.len(), 1);
    fixture.pass(minute).await;
    fixture.store.note_outage(&one, minute).await.unwrap();
    assert_eq!(fixture.hash("outages").await.len(), 1, "the other worker is gone");
    assert!(fixture.ttl("outages").await > 0);
}
