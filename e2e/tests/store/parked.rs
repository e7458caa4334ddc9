//! Parked deliveries end as promised, oldest first.
//!
//! Proves (guarantees): what is parked ends as exhausted, wherever it waits and whoever switched its endpoint off

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::ParkedAction::Deliver;
use domain::event::EventType;
use domain::id::{DeliveryId, EndpointId};
use store::events::Budgets;
use store::parked::{ParkedSearch, SearchStep};
use store::queue::Outcome;

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, failed, given_back, gone, succeeded};
use crate::parked_scene::{HOUR, fixture, key};

#[tokio::test]
async fn everything_that_is_parked_for_too_long_ends_whatever_parked_it_and_wherever_it_waits() {
    let fixture = fixture().await;
    let off = fixture.endpoint(&["lead.captured"]).await;
    // Quarantined, for a retry, and for its turn.
    fixture.push_many(28).await;
    let mut worker = Worker::new();
    for _ in 0..3 {
        let leased = fixture.lease(&mut worker, 1).await;
        fixture.end(&mut worker, &leased, || Outcome::Crashed).await;
    }
    let leased = fixture.lease(&mut worker, 10).await;
    fixture.end(&mut worker, &leased, || failed(Some(3600))).await;
    fixture.switch(&off, false, Deliver).await;
    // What is quarantined waits with the others while its endpoint is off.
    assert_eq!(fixture.waiting(&off).await, (18, 10));

    let disabled = fixture.endpoint(&["lead.captured"]).await;
    fixture.retries(29).await;
    fixture.disable().await;
    fixture.push_many(5).await;
    assert_eq!(fixture.waiting(&disabled).await, (5, 30));
    let active = fixture.endpoint(&["message.sent"]).await;
    fixture
        .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
        .await;

    fixture.pass(HOUR - Duration::from_secs(60)).await;
    fixture.upkeep().await;
    assert_eq!(fixture.reasons(&off).await, Vec::<String>::new());
    fixture.assert_no_violation().await;
    fixture.pass(60 * 24 * HOUR).await;
    fixture.upkeep().await;
    for (id, count) in [(&off, 28), (&disabled, 35)] {
        assert_eq!(fixture.reasons(id).await, vec!["parked_too_long"; count]);
        assert_eq!(fixture.waiting(id).await, (0, 0));
        assert_eq!(fixture.get(id).await.queue.bytes, 0);
    }
    assert_eq!(fixture.waiting(&active).await, (1, 0), "only what is parked ages");
    let leased = fixture.lease(&mut worker, 10).await;
    assert_eq!(leased.len(), 1);
    fixture.end(&mut worker, &leased, succeeded).await;
    assert_eq!(fixture.count("EXISTS", "account:org:org_1:bytes").await, 0);
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn the_check_reports_what_is_parked_for_too_long_and_endpoints_that_upkeep_does_not_know() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.retries(1).await;
    fixture.push().await;
    fixture.switch(&id, false, Deliver).await;
    fixture.upkeep().await;
    fixture.pass(4 * HOUR).await;
    // The time passes for upkeep too, but it doesn't look.
    let _: i64 = fixture
        .command(
            redis::cmd("ZADD")
                .arg(key("parked"))
                .arg(99_999_999_999_999_i64)
                .arg(id.as_str()),
        )
        .await;
    fixture.upkeep().await;
    let found = fixture.store.check().await.unwrap().violations;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found
            .iter()
            .all(|one| one.key.starts_with("delivery:") && one.what.contains("parked since"))
    );
    let _: i64 = fixture
        .command(redis::cmd("ZREM").arg(key("parked")).arg(id.as_str()))
        .await;
    let found = fixture.store.check().await.unwrap().violations;
    assert!(
        found
            .iter()
            .any(|one| one.key == format!("endpoint:{id}") && one.what == "is missing in parked"),
        "{found:?}"
    );
}

/// The ids of what was exhausted, and of what still waits, each sorted, which is the order of acceptance.
async fn split(fixture: &Fixture, id: &EndpointId) -> (Vec<String>, Vec<String>) {
    let mut ended = fixture.sorted(&format!("failed:{id}")).await;
    let mut waiting = fixture.sorted(&format!("retry:{id}")).await;
    waiting.extend(fixture.list(&format!("pending:{id}")).await);
    ended.sort();
    waiting.sort();
    (ended, waiting)
}

/// A payload of about a kilobyte, so that budgets are counted in events.
fn large() -> String {
    format!("{{\"text\":\"{}\"}}", "x".repeat(900))
}

/// Accepts `count` events of the same size; they are parked if the endpoint is not active.
async fn accept_large(fixture: &Fixture, count: usize, parked_bytes: u64) {
    let budgets = Budgets {
        parked_bytes,
        ..BUDGETS
    };
    for _ in 0..count {
        let event = event_of(EventType::MESSAGE_SENT, "bot", &large());
        fixture.accept_outcome(&event, budgets).await;
        // Ids are only in the order of acceptance if they are made in different milliseconds.
        let made = event.id.time();
        while Timestamp::now() <= made {}
    }
}

#[tokio::test]
async fn what_is_parked_beyond_the_budget_is_taken_from_retries_and_pending_together_oldest_first() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["message.sent"]).await;
    accept_large(&fixture, 201, 1 << 30).await;
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 201).await;
    assert_eq!(leased.len(), 201);
    // Their retries are due in the opposite order.
    for (number, leased) in leased.iter().enumerate() {
        let wait = 10_000 - u64::try_from(number).unwrap();
        let result = if number == 200 { gone() } else { failed(Some(wait)) };
        fixture.report(&mut worker, leased, result).await;
    }
    let bytes = fixture.get(&id).await.queue.bytes;
    let budget = bytes + bytes / 201 / 2;
    accept_large(&fixture, 50, budget).await;
    fixture.upkeep().await;
    let (ended, waiting) = split(&fixture, &id).await;
    assert_eq!((ended.len(), waiting.len()), (50, 201));
    assert!(ended.last() < waiting.first(), "the 50 oldest went");
    assert_eq!(fixture.waiting(&id).await, (50, 151));
    assert_eq!(fixture.reasons(&id).await, vec!["parked_overflow"; 50]);

    // And until nothing but pending ones is left.
    accept_large(&fixture, 175, budget).await;
    fixture.upkeep().await;
    let (ended, waiting) = split(&fixture, &id).await;
    assert_eq!((ended.len(), waiting.len()), (225, 201));
    assert!(ended.last() < waiting.first());
    assert_eq!(fixture.waiting(&id).await, (201, 0));
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn what_was_released_behind_newer_events_is_parked_again_in_the_order_of_acceptance() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["message.sent"]).await;
    accept_large(&fixture, 30, 1 << 30).await;
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 30).await;
    fixture.end(&mut worker, &leased, || failed(Some(3600))).await;
    accept_large(&fixture, 40, 1 << 30).await;
    fixture.switch(&id, false, Deliver).await;
    fixture.switch(&id, true, Deliver).await;
    // Released behind the 40 newer ones; newer ones follow them, and a worker gives ten back.
    fixture.upkeep().await;
    accept_large(&fixture, 20, 1 << 30).await;
    let mut first = fixture.lease(&mut worker, 1).await;
    fixture.end(&mut worker, &first, succeeded).await;
    first = fixture.lease(&mut worker, 10).await;
    fixture.end(&mut worker, &first, || given_back(0)).await;
    assert_eq!(fixture.waiting(&id).await, (89, 0));
    let last = fixture.lease(&mut worker, 1).await;
    fixture.end(&mut worker, &last, gone).await;
    let bytes = fixture.get(&id).await.queue.bytes;
    accept_large(&fixture, 45, bytes + 500).await;
    fixture.upkeep().await;
    let (ended, waiting) = split(&fixture, &id).await;
    assert_eq!((ended.len(), waiting.len()), (45, 89));
    assert!(ended.last() < waiting.first(), "{ended:?} {waiting:?}");
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn a_replay_is_parked_from_when_it_was_asked_for() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    let source = DeliveryId::of(&fixture.push().await.id, &id);
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 1).await;
    fixture.end(&mut worker, &leased, || failed(None)).await;
    fixture.switch(&id, false, Deliver).await;
    fixture.pass(2 * HOUR).await;
    let replay = source.replay();
    fixture
        .store
        .replay_delivery(&account(), &source, &replay, BUDGETS)
        .await
        .unwrap();
    fixture.upkeep().await;
    assert_eq!(fixture.waiting(&id).await, (1, 0));
    fixture.pass(2 * HOUR).await;
    fixture.upkeep().await;
    assert_eq!(fixture.waiting(&id).await, (0, 0));
    assert_eq!(
        fixture.hash(&format!("delivery:{replay}")).await["reason"],
        "parked_too_long"
    );
    fixture.assert_no_violation().await;
}

/// What the previous release stored: `disabled` names disabled endpoints, and nothing names those that are off.
#[tokio::test]
async fn endpoints_that_the_release_before_left_are_found() {
    let fixture = fixture().await;
    let (disabled, off, active) = (
        fixture.endpoint(&["*"]).await,
        fixture.endpoint(&["lead.captured"]).await,
        fixture.endpoint(&["message.sent"]).await,
    );
    fixture.push_many(3).await;
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 6).await;
    let first = leased
        .iter()
        .find(|leased| leased.endpoint.id == disabled)
        .unwrap();
    fixture.report(&mut worker, first, gone()).await;
    let rest: Vec<_> = leased
        .iter()
        .filter(|leased| leased.delivery != first.delivery)
        .cloned()
        .collect();
    fixture.end(&mut worker, &rest, || failed(Some(3600))).await;
    fixture.switch(&off, false, Deliver).await;
    fixture.count("DEL", "parked").await;
    let _: i64 = fixture
        .command(
            redis::cmd("ZADD")
                .arg(key("disabled"))
                .arg(1)
                .arg(disabled.as_str()),
        )
        .await;
    fixture.pass(2 * HOUR).await;
    fixture.upkeep().await;
    assert_eq!(fixture.waiting(&disabled).await, (0, 0));
    assert_eq!(fixture.waiting(&off).await, (0, 3), "nobody knows of it yet");

    let mut search = ParkedSearch::default();
    let mut found = 0;
    loop {
        match fixture.store.search_parked(&mut search).await.unwrap() {
            SearchStep::NotDue => panic!("it is due"),
            SearchStep::Going { found: some } => found += some,
            SearchStep::Ended { found: some } => {
                found += some;
                break;
            }
        }
    }
    assert_eq!(found, 1);
    fixture.upkeep().await;
    assert_eq!(fixture.waiting(&off).await, (0, 0));
    assert_eq!(fixture.sorted("parked").await.len(), 2, "not {active}");
    fixture.assert_no_violation().await;
    let step = fixture.store.search_parked(&mut search).await.unwrap();
    assert_eq!(step, SearchStep::NotDue);
    fixture.pass(24 * HOUR).await;
    let step = fixture.store.search_parked(&mut search).await.unwrap();
    assert_eq!(step, SearchStep::Going { found: 0 }, "once a day");
}
