//! An endpoint that fills its account's budget makes room for events that others want, and pays for nothing else.
//!
//! Proves (guarantees): one endpoint has filled its account's budget

use std::time::Duration;

use domain::clock::Timestamp;
use domain::event::EventType;
use domain::id::{DeliveryId, EndpointId, EventId};
use store::events::{AcceptOutcome, Budgets, NewEvent};

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, failed, gone, succeeded};
use crate::parked_scene::{HOUR, fixture};

/// What each event here is charged, about.
const CHARGE: u64 = 1300;

/// Room for so many events.
fn room_for(events: u64) -> Budgets {
    Budgets {
        account_bytes: events * CHARGE,
        ..BUDGETS
    }
}

/// An event of about a kilobyte. Ids are in the order of acceptance only if they are made in different milliseconds.
fn large(kind: EventType) -> NewEvent {
    let event = sized(kind, 900);
    while Timestamp::now() <= event.id.time() {}
    event
}

fn sized(kind: EventType, bytes: usize) -> NewEvent {
    event_of(kind, "bot", &format!("{{\"text\":\"{}\"}}", "x".repeat(bytes)))
}

/// Pushes events of this type until the account is over its budget; returns their ids.
async fn fill(fixture: &Fixture, kind: EventType, budgets: Budgets) -> Vec<EventId> {
    let mut ids = vec![];
    loop {
        let event = large(kind);
        match fixture.accept_outcome(&event, budgets).await {
            AcceptOutcome::Accepted(accepted) => ids.push(accepted.id),
            outcome => {
                assert_eq!(outcome, AcceptOutcome::OverBudget);
                return ids;
            }
        }
    }
}

async fn accepts(fixture: &Fixture, event: &NewEvent, budgets: Budgets) -> bool {
    matches!(
        fixture.accept_outcome(event, budgets).await,
        AcceptOutcome::Accepted(_)
    )
}

/// The events of what was given up at an endpoint, sorted, which is the order of acceptance; for no other reason.
async fn given_up(fixture: &Fixture, id: &EndpointId) -> Vec<String> {
    let mut events = vec![];
    for delivery in fixture.sorted(&format!("failed:{id}")).await {
        let record = fixture.hash(&format!("delivery:{delivery}")).await;
        assert_eq!(
            (record["state"].as_str(), record["reason"].as_str()),
            ("exhausted", "endpoint_over_budget")
        );
        events.push(record["event"].clone());
    }
    events.sort();
    events
}

fn texts(ids: &[EventId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

async fn bytes(fixture: &Fixture) -> u64 {
    fixture.count("GET", "account:org:org_1:bytes").await
}

#[tokio::test]
async fn whoever_fills_the_budget_gives_up_as_much_of_its_oldest_as_an_event_needs_that_others_want() {
    let fixture = fixture().await;
    let slow = fixture.endpoint(&["message.sent"]).await;
    let healthy = fixture.endpoint(&["lead.captured"]).await;
    let budgets = room_for(20);
    let filled = fill(&fixture, EventType::MESSAGE_SENT, budgets).await;
    assert!((18..=22).contains(&filled.len()), "{}", filled.len());
    // What it alone wants is refused, as often as it comes, and costs nothing.
    let before = fixture.keys().await;
    for _ in 0..3 {
        assert!(!accepts(&fixture, &large(EventType::MESSAGE_SENT), budgets).await);
    }
    assert_eq!(fixture.keys().await, before);

    let event = large(EventType::LEAD_CAPTURED);
    for _ in 0..2 {
        assert!(
            accepts(&fixture, &event, budgets).await,
            "also when it is repeated"
        );
        assert_eq!(given_up(&fixture, &slow).await, texts(&filled[..1]));
        assert!(bytes(&fixture).await <= budgets.account_bytes);
        fixture.assert_no_violation().await;
    }
    // As much as the event needs: its payload is as long as five of theirs.
    assert!(
        accepts(
            &fixture,
            &sized(EventType::LEAD_CAPTURED, 5 * 1300 - 400),
            budgets
        )
        .await
    );
    assert_eq!(given_up(&fixture, &slow).await, texts(&filled[..6]));
    assert!(bytes(&fixture).await <= budgets.account_bytes);
    assert_eq!(fixture.waiting(&healthy).await, (2, 0));
    assert_eq!(fixture.hash("stats").await["exhausted"], "6");
    // They can be read, and are told apart in the log.
    let first = DeliveryId::of(&filled[0], &slow);
    let detail = fixture.store.get_delivery(&account(), &slow, &first).await;
    let detail = detail.unwrap().unwrap().unwrap();
    assert!(detail.payload.is_some());
    fixture.assert_no_violation().await;

    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 100).await;
    fixture.end(&mut worker, &leased, succeeded).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn the_oldest_go_first_wherever_they_wait_and_what_is_in_flight_stays() {
    let fixture = fixture().await;
    let slow = fixture.endpoint(&["message.sent"]).await;
    fixture.endpoint(&["lead.captured"]).await;
    let budgets = room_for(300);
    let filled = fill(&fixture, EventType::MESSAGE_SENT, budgets).await;
    let mut worker = Worker::new();
    // The first five are in flight, 240 were tried, the oldest of them most often and to be tried last.
    let in_flight = fixture.lease(&mut worker, 5).await;
    let tried = fixture.lease(&mut worker, 240).await;
    for (number, leased) in tried.iter().enumerate() {
        let retry_in = Some(5000 - u64::try_from(number).unwrap());
        fixture.report(&mut worker, leased, failed(retry_in)).await;
    }
    for round in 0..4 {
        for _ in 0..30 {
            assert!(accepts(&fixture, &large(EventType::LEAD_CAPTURED), budgets).await);
        }
        let expected = texts(&filled[5..]);
        let gone = given_up(&fixture, &slow).await;
        assert_eq!(gone, expected[..gone.len()], "round {round}");
        assert!(gone.len() >= 29 * (round + 1), "{}", gone.len());
        fixture.assert_no_violation().await;
    }
    // It keeps what is in flight, and still holds over half.
    for leased in &in_flight {
        assert!(
            fixture
                .sorted("leases")
                .await
                .contains(&leased.delivery.to_string())
        );
    }
    fixture.end(&mut worker, &in_flight, succeeded).await;
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn when_all_its_retries_were_given_up_nothing_is_due_at_an_endpoint_any_more() {
    let fixture = fixture().await;
    let slow = fixture.endpoint(&["message.sent"]).await;
    fixture.endpoint(&["lead.captured"]).await;
    let budgets = room_for(6);
    let filled = fill(&fixture, EventType::MESSAGE_SENT, budgets).await;
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 10).await;
    assert_eq!(leased.len(), filled.len());
    fixture.end(&mut worker, &leased, || failed(Some(3600))).await;
    assert_eq!(fixture.sorted("timers").await, [slow.as_str()]);
    // It has to hold over half; so it gives all up for one event only.
    assert!(
        accepts(
            &fixture,
            &sized(EventType::LEAD_CAPTURED, 6 * 1300 - 400),
            budgets
        )
        .await
    );
    assert_eq!(given_up(&fixture, &slow).await, texts(&filled));
    assert_eq!(fixture.sorted("timers").await, Vec::<String>::new());
    assert_eq!(fixture.get(&slow).await.queue.bytes, 0);
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn endpoints_that_share_what_they_hold_give_it_up_together() {
    let fixture = fixture().await;
    let slow = [
        fixture.endpoint(&["message.sent"]).await,
        fixture.endpoint(&["message.sent"]).await,
    ];
    fixture.endpoint(&["lead.captured"]).await;
    let budgets = room_for(20);
    // To fill it, no event may make room: these are for both, and each is another one's.
    let mut filled = vec![];
    while bytes_or_zero(&fixture).await + CHARGE < budgets.account_bytes {
        filled.push(fixture.accept(&large(EventType::MESSAGE_SENT)).await.id);
    }
    for number in 1..=5 {
        assert!(accepts(&fixture, &large(EventType::LEAD_CAPTURED), budgets).await);
        for id in &slow {
            let gone = given_up(&fixture, id).await;
            assert_eq!(gone, texts(&filled[..gone.len()]));
            assert!((number - 1..=number + 1).contains(&gone.len()), "{}", gone.len());
        }
        assert!(bytes(&fixture).await <= budgets.account_bytes);
        fixture.assert_no_violation().await;
    }
}

async fn bytes_or_zero(fixture: &Fixture) -> u64 {
    match fixture.count("EXISTS", "account:org:org_1:bytes").await {
        0 => 0,
        _ => bytes(fixture).await,
    }
}

#[tokio::test]
async fn a_hanging_endpoint_does_not_stop_a_quick_one_that_gets_the_same_events() {
    let fixture = fixture().await;
    let quick = fixture.endpoint(&["*"]).await;
    let slow = fixture.endpoint(&["message.sent"]).await;
    let budgets = room_for(20);
    let (mut worker, mut pushed) = (Worker::new(), vec![]);
    for _ in 0..60 {
        let event = large(EventType::MESSAGE_SENT);
        assert!(accepts(&fixture, &event, budgets).await);
        pushed.push(event.id);
        for leased in fixture.lease(&mut worker, 10).await {
            let is_quick = leased.endpoint.id == quick;
            let outcome = if is_quick { succeeded() } else { failed(Some(3600)) };
            fixture.report(&mut worker, &leased, outcome).await;
        }
        assert!(bytes(&fixture).await <= budgets.account_bytes);
    }
    let gone = given_up(&fixture, &slow).await;
    assert_eq!(gone, texts(&pushed[..gone.len()]));
    assert!((38..=42).contains(&gone.len()), "{}", gone.len());
    assert_eq!(
        fixture.sorted(&format!("failed:{quick}")).await,
        Vec::<String>::new()
    );
    assert_eq!(fixture.hash("stats").await["succeeded"], "60");
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn nobody_gives_up_what_waits_because_no_worker_comes() {
    let fixture = fixture().await;
    let waits = fixture.endpoint(&["message.sent"]).await;
    fixture.endpoint(&["lead.captured"]).await;
    let budgets = room_for(20);
    let filled = fill(&fixture, EventType::MESSAGE_SENT, budgets).await;
    fixture.upkeep().await;
    fixture.pass(Duration::from_secs(11)).await;
    let event = large(EventType::LEAD_CAPTURED);
    assert!(!accepts(&fixture, &event, budgets).await);
    assert_eq!(given_up(&fixture, &waits).await, Vec::<String>::new());
    // Workers are back.
    fixture.upkeep().await;
    assert!(accepts(&fixture, &event, budgets).await);
    assert_eq!(given_up(&fixture, &waits).await, texts(&filled[..1]));
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn what_is_parked_at_a_disabled_endpoint_makes_room_as_well() {
    let fixture = fixture().await;
    let disabled = fixture.endpoint(&["message.sent"]).await;
    fixture.endpoint(&["lead.captured"]).await;
    let budgets = room_for(20);
    let mut filled = fill(&fixture, EventType::MESSAGE_SENT, budgets).await;
    let mut worker = Worker::new();
    let mut leased = fixture.lease(&mut worker, 8).await;
    let last = leased.split_off(7);
    fixture.end(&mut worker, &leased, || failed(Some(3600))).await;
    fixture.end(&mut worker, &last, gone).await;
    assert!(accepts(&fixture, &large(EventType::LEAD_CAPTURED), budgets).await);
    fixture.upkeep().await;
    for _ in 0..9 {
        assert!(accepts(&fixture, &large(EventType::LEAD_CAPTURED), budgets).await);
    }
    filled.truncate(10);
    assert_eq!(given_up(&fixture, &disabled).await, texts(&filled));
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn nothing_is_given_up_for_an_event_that_is_refused() {
    let fixture = fixture().await;
    let slow = fixture.endpoint(&["ticket.created"]).await;
    let other = fixture.endpoint(&["ticket.updated"]).await;
    let third = fixture.endpoint(&["lead.captured"]).await;
    let budgets = room_for(20);
    // Each holds half of the bytes.
    let half = fill(&fixture, EventType::TICKET_CREATED, room_for(10))
        .await
        .len();
    assert_eq!(
        fill(&fixture, EventType::TICKET_UPDATED, budgets).await.len(),
        half
    );
    let refused = [
        large(EventType::LEAD_CAPTURED),
        // There will never be room for this.
        sized(EventType::LEAD_CAPTURED, 21 * 1300),
    ];
    for event in &refused {
        assert!(!accepts(&fixture, event, budgets).await);
    }
    // All that the one holds which holds over half is in flight.
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 100).await;
    let others: Vec<_> = leased
        .into_iter()
        .filter(|leased| leased.endpoint.id == other)
        .collect();
    fixture.end(&mut worker, &others, succeeded).await;
    fill(&fixture, EventType::TICKET_CREATED, budgets).await;
    fixture.lease(&mut worker, 100).await;
    assert_eq!(fixture.waiting(&slow).await, (0, 0));
    for event in &refused {
        assert!(!accepts(&fixture, event, budgets).await);
    }
    // Nobody who is served now wants it.
    fixture.accept(&large(EventType::TICKET_UPDATED)).await;
    let leased = fixture.lease(&mut worker, 1).await;
    fixture.end(&mut worker, &leased, gone).await;
    fixture.accept(&large(EventType::TICKET_CREATED)).await;
    assert!(!accepts(&fixture, &large(EventType::TICKET_UPDATED), budgets).await);
    assert!(!accepts(&fixture, &large(EventType::TICKET_CREATED), budgets).await);
    for id in [slow, third] {
        assert_eq!(given_up(&fixture, &id).await, Vec::<String>::new());
    }
    fixture.assert_no_violation().await;
}

/// Each is charged about 360 bytes, so the event needs what about 700 of them hold: seven steps.
#[tokio::test]
async fn an_event_that_needs_more_than_one_step_gives_up_finds_its_room_in_several() {
    let fixture = fixture().await;
    let slow = fixture.endpoint(&["message.sent"]).await;
    let healthy = fixture.endpoint(&["lead.captured"]).await;
    let small = || sized(EventType::MESSAGE_SENT, 0);
    let events: Vec<_> = (0..1500).map(|_| small()).collect();
    for outcome in fixture.accept_all(&events, BUDGETS).await {
        assert!(matches!(outcome.unwrap(), AcceptOutcome::Accepted(_)));
    }
    let budgets = Budgets {
        account_bytes: bytes(&fixture).await,
        ..BUDGETS
    };
    let batch = [
        small(),
        sized(EventType::LEAD_CAPTURED, 250_000),
        small(),
        large(EventType::LEAD_CAPTURED),
    ];
    let outcomes = fixture.accept_all(&batch, budgets).await.into_iter();
    let accepted: Vec<_> = outcomes
        .map(|outcome| matches!(outcome.unwrap(), AcceptOutcome::Accepted(_)))
        .collect();
    assert_eq!(accepted[..2], [false, true]);
    assert!(accepted[3]);
    let gone = given_up(&fixture, &slow).await.len();
    let (held, size) = (fixture.waiting(&slow).await, 250_000 / 360);
    assert!((size - 40..size + 60).contains(&gone), "{gone}");
    assert_eq!(fixture.waiting(&healthy).await, (2, 0));
    assert_eq!(held.0, 1500 + u64::from(accepted[2]) - gone as u64);
    assert!(bytes(&fixture).await <= budgets.account_bytes);
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn the_account_is_told_of_what_was_given_up_and_it_is_kept_as_the_workers_say() {
    let fixture = fixture().await;
    let slow = fixture.endpoint(&["message.sent"]).await;
    fixture.endpoint(&["lead.captured"]).await;
    let team = fixture.endpoint(&["delivery.exhausted"]).await;
    let budgets = room_for(20);
    let filled = fill(&fixture, EventType::MESSAGE_SENT, budgets).await;
    assert!(accepts(&fixture, &large(EventType::LEAD_CAPTURED), budgets).await);
    assert!(
        bytes(&fixture).await <= budgets.account_bytes,
        "what is told is charged as well"
    );
    let gone = given_up(&fixture, &slow).await;
    assert_eq!(gone, texts(&filled[..gone.len()]));
    let first = DeliveryId::of(&filled[0], &slow);
    let left = Duration::from_millis(fixture.ttl(&format!("delivery:{first}")).await.unsigned_abs());
    assert!(left > HOUR / 2 && left <= HOUR, "{left:?}");

    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 100).await;
    let told: Vec<_> = leased
        .iter()
        .filter(|leased| leased.endpoint.id == team)
        .collect();
    assert_eq!(told.len(), gone.len());
    let body: serde_json::Value = serde_json::from_slice(&told[0].event.body).unwrap();
    assert_eq!(body["event"], "delivery.exhausted");
    assert_eq!(body["data"]["endpointId"], slow.as_str());
    assert_eq!(body["data"]["deliveryId"], first.as_str());
    assert_eq!(body["data"]["lastError"], "endpoint_over_budget");
    fixture.end(&mut worker, &leased, succeeded).await;
    fixture.assert_no_violation().await;
}
