//! Accepting: which endpoints get an event, and that it happens once, and to all or none.

use std::time::Duration;

use domain::event::EventType;
use store::StoreError;
use store::events::{AcceptOutcome, Budgets, IDEMPOTENCY_WINDOW};

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, new_event, with_key};
use domain::endpoint::ParkedAction;

#[tokio::test]
async fn an_event_goes_to_every_endpoint_that_matches_and_no_other() {
    let fixture = Fixture::new().await;
    let exact = fixture.endpoint(&["lead.captured", "session.created"]).await;
    let wildcard = fixture.endpoint(&["*"]).await;
    let same_bot = fixture
        .endpoint_of(&account(), &["lead.captured"], Some("bot"))
        .await;
    let other_bot = fixture.endpoint_of(&account(), &["*"], Some("bot2")).await;
    let other_event = fixture.endpoint(&["session.created"]).await;
    let other_account = fixture
        .endpoint_of(&"user:user_2".parse().unwrap(), &["*"], None)
        .await;
    let off = fixture.endpoint(&["*"]).await;
    fixture.switch(&off, false, ParkedAction::Deliver).await;

    let accepted = fixture.push().await;
    assert_eq!((accepted.deliveries, accepted.duplicate), (3, false));
    for (endpoint, count) in [
        (exact, 1),
        (wildcard, 1),
        (same_bot, 1),
        (other_bot, 0),
        (other_event, 0),
        (other_account, 0),
        (off, 0),
    ] {
        assert_eq!(
            fixture.list(&format!("pending:{endpoint}")).await.len(),
            count,
            "{endpoint}"
        );
    }
    let stored = fixture.hash(&format!("event:{}", accepted.id)).await;
    assert_eq!(
        (stored["refs"].as_str(), stored["deliveries"].as_str()),
        ("3", "3")
    );
}

#[tokio::test]
async fn an_event_that_nobody_wants_leaves_nothing_but_a_note() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["session.created"]).await;
    let mut before = fixture.keys().await;
    assert_eq!(fixture.push().await.deliveries, 0);
    before.push("account:org:org_1:unmatched".to_owned());
    before.sort();
    assert_eq!(fixture.keys().await, before);

    let first = fixture.accept(&with_key(new_event(), "key", "same")).await;
    let again = fixture.accept(&with_key(new_event(), "key", "same")).await;
    assert_eq!((again.id, again.deliveries, again.duplicate), (first.id, 0, true));
    let added: Vec<_> = fixture
        .keys()
        .await
        .into_iter()
        .filter(|key| !before.contains(key))
        .collect();
    assert_eq!(
        added,
        ["account:org:org_1:idempotency", "idempotency:org:org_1:1:0"]
    );
}

#[tokio::test]
async fn the_same_call_again_makes_one_event() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let event = new_event();
    let first = fixture.accept(&event).await;
    let again = fixture.accept(&event).await;
    assert_eq!(first, again);
    let keyed = with_key(new_event(), "key", "same");
    let first = fixture.accept(&keyed).await;
    assert_eq!(
        fixture.accept(&keyed).await,
        first,
        "our own repeat is no duplicate"
    );
    assert_eq!(fixture.list(&format!("pending:{endpoint}")).await.len(), 2);
    assert_eq!(fixture.hash("stats").await["deliveries"], "2");
}

#[tokio::test]
async fn an_idempotency_key_is_remembered_for_a_day_by_account() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let first = fixture.accept(&with_key(new_event(), "key", "same")).await;
    let again = fixture.accept(&with_key(new_event(), "key", "same")).await;
    assert_eq!(
        (&again.id, again.deliveries, again.duplicate),
        (&first.id, 1, true)
    );
    let conflict = fixture
        .accept_outcome(&with_key(new_event(), "key", "other"), BUDGETS)
        .await;
    assert!(
        matches!(conflict, AcceptOutcome::IdempotencyConflict(_)),
        "{conflict:?}"
    );

    let mut foreign = with_key(new_event(), "key", "other");
    foreign.account = "user:user_2".parse().unwrap();
    assert!(!fixture.accept(&foreign).await.duplicate);
    fixture.pass(IDEMPOTENCY_WINDOW - Duration::from_secs(10)).await;
    let again = fixture.accept(&with_key(new_event(), "key", "same")).await;
    assert_eq!((&again.id, again.duplicate), (&first.id, true));
    fixture.pass(Duration::from_secs(12)).await;
    let anew = fixture.accept(&with_key(new_event(), "key", "other")).await;
    assert!(!anew.duplicate && anew.id != first.id);
}

#[tokio::test]
async fn an_account_over_its_budget_is_refused_until_deliveries_finish() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let event = event_of(
        EventType::MESSAGE_SENT,
        "bot",
        &format!("{{\"text\":\"{}\"}}", "x".repeat(1000)),
    );
    let budgets = Budgets {
        account_bytes: 3000,
        ..BUDGETS
    };
    let mut second = event.clone();
    second.id = domain::id::EventId::new(1);
    let mut third = event.clone();
    third.id = domain::id::EventId::new(2);
    assert!(matches!(
        fixture.accept_outcome(&event, budgets).await,
        AcceptOutcome::Accepted(_)
    ));
    assert!(matches!(
        fixture.accept_outcome(&second, budgets).await,
        AcceptOutcome::Accepted(_)
    ));
    let before = fixture.keys().await;
    assert_eq!(
        fixture.accept_outcome(&third, budgets).await,
        AcceptOutcome::OverBudget
    );
    assert_eq!(fixture.keys().await, before);

    let mut worker = Worker::new();
    for leased in fixture.fetch(&mut worker, 1).await {
        fixture
            .report(&mut worker, &leased, crate::fixture::succeeded())
            .await;
    }
    assert!(matches!(
        fixture.accept_outcome(&third, budgets).await,
        AcceptOutcome::Accepted(_)
    ));
}

#[tokio::test]
async fn at_maxmemory_events_are_refused_whole_and_the_queue_drains() {
    let (fixture, endpoint) = Fixture::with_events(20).await;
    let _: String = fixture
        .command(redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1mb"))
        .await;
    let before = fixture.keys().await;
    let refused = fixture.accept_all(&[new_event()], BUDGETS).await.remove(0);
    assert!(matches!(refused, Err(StoreError::OutOfMemory)), "{refused:?}");
    assert_eq!(fixture.keys().await, before);

    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 20).await;
    assert_eq!(leased.len(), 20);
    for leased in leased {
        fixture
            .report(&mut worker, &leased, crate::fixture::succeeded())
            .await;
    }
    assert_eq!(fixture.get(&endpoint).await.queue.total(), 0);
    let _: String = fixture
        .command(redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("0"))
        .await;
    assert_eq!(fixture.push().await.deliveries, 1);
}

#[tokio::test]
async fn payloads_are_stored_byte_by_byte() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let event = event_of(
        EventType::TICKET_CREATED,
        "bot",
        "{\"n\":1.00e+2,\"t\":\"ä\\u0000\\ud83d\"}",
    );
    fixture.accept(&event).await;
    let leased = fixture.fetch(&mut Worker::new(), 1).await.remove(0);
    assert_eq!(&leased.event.body, event.payload.as_bytes());
    assert_eq!(
        (leased.event.id.clone(), leased.event.event.as_str()),
        (event.id, "ticket.created")
    );
}
