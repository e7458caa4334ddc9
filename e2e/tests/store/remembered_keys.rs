//! Idempotency keys: thousands of an account share few keys of Redis, each is found for a day, and so are those of an older form.
//!
//! Proves (guarantees): an idempotency key makes one event for 24 hours, however many others come, and while the store changes to newer forms

use std::time::Duration;

use domain::id::EventId;
use e2e::before;
use e2e::redis_server::RedisServer;
use store::events::{AcceptOutcome, IDEMPOTENCY_WINDOW};

use crate::fixture::{BUDGETS, Fixture, account, new_event, with_key};

/// A little more than an hour: what is remembered is as old as whole seconds say.
const HOUR: Duration = Duration::from_secs(3602);

/// Accepts an event with each of these keys; returns the event that each stands for, and whether that was there before.
async fn push(fixture: &Fixture, keys: std::ops::Range<usize>) -> Vec<(EventId, bool)> {
    let mut found = Vec::new();
    for chunk in keys.collect::<Vec<_>>().chunks(50) {
        let events = chunk
            .iter()
            .map(|key| with_key(new_event(), &format!("key-{key}"), &format!("{key:032x}")));
        for accepted in fixture.accept_all(&events.collect::<Vec<_>>(), BUDGETS).await {
            let AcceptOutcome::Accepted(accepted) = accepted.unwrap() else {
                panic!("it is not refused");
            };
            found.push((accepted.id, accepted.duplicate));
        }
    }
    found
}

async fn keys_of_redis(fixture: &Fixture) -> Vec<String> {
    let keys = fixture.keys().await;
    keys.into_iter()
        .filter(|key| key.starts_with("idempotency:"))
        .collect()
}

#[tokio::test]
async fn many_keys_are_all_found_and_take_little_memory() {
    let fixture = Fixture::new().await;
    let first = push(&fixture, 0..4000).await;
    assert!(first.iter().all(|(_, is_known)| !is_known));
    let again = push(&fixture, 0..4000).await;
    assert!(again.iter().all(|(_, is_known)| *is_known));
    for key in [0, 1, 77, 1999, 3999] {
        let found = fixture
            .store
            .event_of_key(&account(), &format!("key-{key}"))
            .await;
        assert_eq!(found.unwrap().as_ref(), Some(&first[key].0));
    }
    let unknown = fixture.store.event_of_key(&account(), "key-4000").await;
    assert_eq!(unknown.unwrap(), None);
    assert!(first.iter().zip(&again).all(|(one, other)| one.0 == other.0));

    let mut bytes = 0;
    for key in keys_of_redis(&fixture).await {
        let mut usage = redis::cmd("MEMORY");
        usage.arg("USAGE").arg(format!("wh:{{0}}:{key}"));
        bytes += fixture.command::<usize>(&usage).await;
        let lifetime = fixture.ttl(&key).await;
        assert!(
            lifetime > 86_400_000 && lifetime <= 130_000_000,
            "{key}: {lifetime}"
        );
    }
    assert!(bytes / 4000 < 110, "{} bytes a key", bytes / 4000);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn each_key_is_remembered_for_a_day_whatever_came_before_and_after_it() {
    let fixture = Fixture::new().await;
    let mut accepted = Vec::new();
    for hour in 0..40 {
        accepted.push(push(&fixture, 100 * hour..100 * hour + 100).await);
        fixture.pass(HOUR).await;
        for (age, past) in accepted.iter().rev().enumerate() {
            // Now it is `age + 1` hours old.
            let keys = 100 * (hour - age)..100 * (hour - age) + 3;
            let one_more = push(&fixture, keys.clone()).await;
            let is_same = one_more.iter().zip(past).all(|(now, then)| now.0 == then.0);
            assert_eq!(is_same, age < 23, "{age} {keys:?}");
            if age >= 23 {
                break;
            }
        }
    }
    let tables = fixture.hash("account:org:org_1:idempotency").await;
    assert!((3..=8).contains(&tables.len()), "{tables:?}");
}

#[tokio::test]
async fn keys_that_an_older_form_has_are_found_for_their_day() {
    let server = RedisServer::start();
    before::make_store_in(&server, "2");
    let fixture = Fixture::on(server).await;
    let first = push(&fixture, 0..3).await;
    assert_eq!(keys_of_redis(&fixture).await.len(), 3, "one for each");
    assert!(fixture.store.upgrade_schema().await.unwrap().is_some());
    let newer = push(&fixture, 3..4).await;
    for wait in [Duration::ZERO, IDEMPOTENCY_WINDOW / 2] {
        fixture.pass(wait).await;
        let again = push(&fixture, 0..4).await;
        assert!(again.iter().all(|(_, is_known)| *is_known));
        let ids = |found: &[(EventId, bool)]| found.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&again), [ids(&first), ids(&newer)].concat());
    }
    let found = fixture.store.event_of_key(&account(), "key-2").await;
    assert_eq!(found.unwrap().as_ref(), Some(&first[2].0));
    let other = with_key(new_event(), "key-1", "something else");
    let conflict = fixture.accept_outcome(&other, BUDGETS).await;
    assert!(
        matches!(conflict, AcceptOutcome::IdempotencyConflict(_)),
        "{conflict:?}"
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_key_twice_in_one_call_makes_one_event() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let events = ["same", "same", "other"].map(|request| with_key(new_event(), "key", request));
    let accepted: Vec<_> = fixture
        .accept_all(&events, BUDGETS)
        .await
        .into_iter()
        .map(|one| one.unwrap())
        .collect();
    let [
        AcceptOutcome::Accepted(one),
        AcceptOutcome::Accepted(two),
        AcceptOutcome::IdempotencyConflict(_),
    ] = &accepted[..]
    else {
        panic!("{accepted:?}");
    };
    assert_eq!((&one.id, one.duplicate, two.duplicate), (&two.id, false, true));
    assert_eq!(fixture.hash("stats").await["events"], "1");
}
