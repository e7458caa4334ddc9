//! An event is erased: nothing of what it said, and of what receivers answered to it, is anywhere any more.
//!
//! Proves (guarantees): an event is erased, wherever its payload is, and whatever becomes of its deliveries meanwhile

use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::endpoint::ParkedAction;
use domain::event::EventType;
use domain::id::{DeliveryId, EndpointId, EventId};
use store::events::NewEvent;
use store::history::Written;
use store::log::LoggedAttempt;
use store::queue::{AttemptRecord, Leased, Outcome, Receipt, WorkRequest};
use store::replays::ReplayOutcome;

use crate::fixture::{
    BUDGETS, Fixture, Worker, account, event_of, failed, report, succeeded, wants, with_key,
};
use crate::history::{MINUTE, events_of, finish_many, log_of, whole_log};
use crate::packing::{exhausted_of, pack_whatever};

/// Stands in payloads, and in what receivers answer.
const NAME: &str = "maria@example.com";

fn personal() -> NewEvent {
    event_of(
        EventType::LEAD_CAPTURED,
        "bot",
        &format!("{{\"email\":\"{NAME}\"}}"),
    )
}

/// A 500 whose receiver repeats what it got.
fn repeats(retry_in: Option<u64>) -> Outcome {
    Outcome::Failed {
        attempt: AttemptRecord {
            status: Some(500),
            duration: Duration::from_millis(7),
            error: Some("http_status"),
            detail: format!("answered 500 to {NAME}"),
            response_headers: format!("x-debug: {NAME}\n"),
            snippet: format!("no such user: {NAME}"),
            ..AttemptRecord::default()
        },
        retry_in: retry_in.map(Duration::from_secs),
        gone: false,
        rest: None,
    }
}

async fn erase(fixture: &Fixture, event: &EventId) -> bool {
    let erased = fixture.store.erase_event(&account(), event).await.unwrap();
    fixture.assert_sound().await;
    erased
}

/// Everything that Redis has as text, and what is in blocks.
async fn everything(fixture: &Fixture, endpoints: &[EndpointId]) -> String {
    let mut all = String::new();
    for key in fixture.keys().await {
        let full = format!("wh:{{0}}:{key}");
        let kind: String = fixture.command(redis::cmd("TYPE").arg(&full)).await;
        let mut read = match kind.as_str() {
            "string" => redis::cmd("GET"),
            "hash" => redis::cmd("HGETALL"),
            "list" => redis::cmd("LRANGE"),
            "zset" => redis::cmd("ZRANGE"),
            "stream" => redis::cmd("XRANGE"),
            other => panic!("{key} is a {other}"),
        };
        read.arg(&full);
        match kind.as_str() {
            "list" | "zset" => read.arg(0).arg(-1),
            "stream" => read.arg("-").arg("+"),
            _ => &mut read,
        };
        let value: redis::Value = fixture.command(&read).await;
        all += &texts(&value);
    }
    for endpoint in endpoints {
        all += &format!("{:?}", whole_log(fixture, endpoint).await);
    }
    all
}

fn texts(value: &redis::Value) -> String {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned() + "\n",
        redis::Value::Array(values) => values.iter().map(texts).collect(),
        redis::Value::Map(pairs) => pairs
            .iter()
            .map(|(name, value)| texts(name) + &texts(value))
            .collect(),
        _ => String::new(),
    }
}

async fn assert_forgotten(fixture: &Fixture, event: &EventId, endpoints: &[EndpointId]) {
    let body = fixture.store.event_body(&account(), event).await.unwrap();
    assert_eq!(body, None);
    let packed = fixture.store.packed_event(&account(), event).await.unwrap();
    assert_eq!(packed, None);
    assert!(!everything(fixture, endpoints).await.contains(NAME));
}

/// What becomes of the delivery to an endpoint, and its newest line in the log.
async fn end_of(fixture: &Fixture, id: &DeliveryId) -> (DeliveryState, Option<LoggedAttempt>) {
    let found = fixture.store.get_delivery(&account(), &id.endpoint(), id).await;
    let detail = found.unwrap().unwrap().expect("the log knows it");
    assert_eq!(detail.payload, None);
    (detail.summary.state, detail.summary.last)
}

/// That it was erased is remembered for a week, whatever else is let go of.
async fn assert_remembered(fixture: &Fixture, event: &EventId) {
    let read = redis::cmd("PTTL")
        .arg(format!("wh:{{0}}:event:{event}"))
        .to_owned();
    let lives: u64 = fixture.command(&read).await;
    assert!((6 * DAY..=7 * DAY).contains(&lives), "{lives} ms");
}

const DAY: u64 = 86_400_000;

async fn assert_canceled(fixture: &Fixture, event: &EventId, endpoint: &EndpointId) {
    let (state, last) = end_of(fixture, &DeliveryId::of(event, endpoint)).await;
    assert_eq!(state, DeliveryState::Canceled);
    assert_eq!(last.unwrap().error.as_deref(), Some("erased"));
}

async fn take_one(fixture: &Fixture, worker: &mut Worker) -> Leased {
    let mut leased = fixture.fetch(worker, 1).await;
    assert_eq!(leased.len(), 1);
    leased.remove(0)
}

#[tokio::test]
async fn what_waits_is_canceled_wherever_it_waits_and_its_neighbours_stay() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let own = [endpoint.clone()];
    let mut worker = Worker::new();

    // In line, among others.
    let before = fixture.push().await.id;
    let event = fixture.accept(&personal()).await.id;
    fixture.push().await;
    assert!(erase(&fixture, &event).await);
    assert_forgotten(&fixture, &event, &own).await;
    assert_canceled(&fixture, &event, &endpoint).await;
    assert!(erase(&fixture, &event).await, "it is still known");
    let leased = fixture.fetch(&mut worker, 8).await;
    assert_eq!(leased.len(), 2);
    assert_eq!(leased[0].delivery.event(), before);
    for one in &leased {
        fixture.report(&mut worker, one, succeeded()).await;
    }

    // For a retry.
    let event = fixture.accept(&personal()).await.id;
    let leased = take_one(&fixture, &mut worker).await;
    fixture.report(&mut worker, &leased, repeats(Some(60))).await;
    assert!(everything(&fixture, &own).await.contains(NAME));
    assert!(erase(&fixture, &event).await);
    assert_forgotten(&fixture, &event, &own).await;
    assert_canceled(&fixture, &event, &endpoint).await;
    assert_eq!(fixture.sorted("timers").await, Vec::<String>::new());
    assert_remembered(&fixture, &event).await;
    fixture.assert_drained().await;

    // Parked, never tried and tried, and on its way back.
    for is_released in [false, true] {
        let tried = fixture.accept(&personal()).await.id;
        let leased = take_one(&fixture, &mut worker).await;
        fixture.report(&mut worker, &leased, repeats(Some(60))).await;
        fixture.push_many(70).await;
        let untried = fixture.accept(&personal()).await.id;
        fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
        while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
        if is_released {
            fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
        }
        for event in [&tried, &untried] {
            assert!(erase(&fixture, event).await);
            assert_canceled(&fixture, event, &endpoint).await;
        }
        assert_forgotten(&fixture, &tried, &own).await;
        fixture.switch(&endpoint, true, ParkedAction::Discard).await;
        while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
        loop {
            let leased = fixture.fetch(&mut worker, 32).await;
            if leased.is_empty() {
                break;
            }
            for one in &leased {
                fixture.report(&mut worker, one, succeeded()).await;
            }
            while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
            fixture.pass(Duration::from_secs(1)).await;
        }
    }
    fixture.assert_drained().await;
}

#[tokio::test]
async fn what_is_in_flight_ends_at_once_and_its_report_leaves_nothing() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let other = fixture.endpoint(&["*"]).await;
    let own = [endpoint.clone(), other.clone()];
    let mut worker = Worker::new();
    for outcome in [repeats(Some(5)), repeats(None), succeeded()] {
        let event = fixture.accept(&personal()).await.id;
        let leased = fixture.fetch(&mut worker, 8).await;
        assert_eq!(leased.len(), 2);
        assert!(erase(&fixture, &event).await);
        fixture.assert_drained().await;
        for one in &leased {
            let receipt = fixture.report(&mut worker, one, outcome.clone()).await;
            assert_eq!(receipt, Receipt::Stale);
        }
        assert_forgotten(&fixture, &event, &own).await;
        for endpoint in &own {
            assert_canceled(&fixture, &event, endpoint).await;
        }
        fixture.assert_drained().await;
    }
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 0);
}

#[tokio::test]
async fn what_nobody_found_is_canceled_when_its_turn_comes() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let event = fixture.accept(&personal()).await.id;
    // Whoever erased it died after the first step.
    let key = format!("wh:{{0}}:event:{event}");
    let _: i64 = fixture.command(redis::cmd("HDEL").arg(&key).arg("body")).await;
    let _: i64 = fixture
        .command(redis::cmd("HSET").arg(&key).arg("erased").arg(1))
        .await;
    fixture.assert_sound().await;
    assert!(fixture.fetch(&mut Worker::new(), 8).await.is_empty());
    assert_canceled(&fixture, &event, &endpoint).await;
    fixture.assert_drained().await;
    // Whoever is told to do it again finishes it.
    assert!(erase(&fixture, &event).await);
    assert!(fixture.ttl(&format!("event:{event}")).await > 0);
    assert_forgotten(&fixture, &event, &[endpoint]).await;
}

#[tokio::test]
async fn what_is_finished_keeps_its_lines_without_what_its_receiver_answered() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let own = [endpoint.clone()];
    let mut worker = Worker::new();
    for is_packed in [false, true] {
        let event = fixture.accept(&personal()).await.id;
        let leased = take_one(&fixture, &mut worker).await;
        fixture.report(&mut worker, &leased, repeats(Some(5))).await;
        // Others fail as well, and keep what was answered.
        fixture.push().await;
        let other = take_one(&fixture, &mut worker).await;
        fixture.report(&mut worker, &other, failed(None)).await;
        fixture.pass(Duration::from_secs(6)).await;
        let leased = take_one(&fixture, &mut worker).await;
        fixture.report(&mut worker, &leased, repeats(None)).await;
        if is_packed {
            fixture.pass(MINUTE).await;
            assert!(pack_whatever(&fixture, &exhausted_of(&account()).series, 0).await);
            assert!(pack_whatever(&fixture, &log_of(&endpoint).series, 1).await);
        }
        let before = whole_log(&fixture, &endpoint).await;
        assert!(erase(&fixture, &event).await);
        assert_forgotten(&fixture, &event, &own).await;
        let after = whole_log(&fixture, &endpoint).await;
        assert_eq!(before.len(), after.len());
        for ((place, was), (same, is)) in before.iter().zip(&after) {
            assert_eq!(place, same);
            let is_of_event = was
                .iter()
                .any(|(_, value)| value.starts_with(&event.as_str()[4..]))
                || was.iter().any(|(_, value)| value.contains(&event.as_str()[4..]));
            assert_eq!(was == is, !is_of_event, "{was:?}");
        }
        let detail = fixture
            .store
            .get_delivery(&account(), &endpoint, &DeliveryId::of(&event, &endpoint))
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(detail.summary.state, DeliveryState::Exhausted);
        assert_eq!(detail.attempts.len(), 2);
        for attempt in &detail.attempts {
            assert_eq!((attempt.status, attempt.is_erased), (Some(500), true));
            assert_eq!(attempt.error.as_deref(), Some("http_status"));
        }
        // Nobody sends it again.
        let source = DeliveryId::of(&event, &endpoint);
        let sent = fixture
            .store
            .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
            .await;
        assert_eq!(sent.unwrap(), ReplayOutcome::Expired);
        let before = fixture.keys().await;
        assert!(erase(&fixture, &event).await);
        assert_eq!(fixture.keys().await, before);
    }
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_long_log_is_packed_and_what_was_read_of_it_before_is_refused() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    finish_many(&fixture, 300).await;
    let event = fixture.accept(&personal()).await.id;
    let leased = take_one(&fixture, &mut worker).await;
    fixture.report(&mut worker, &leased, repeats(None)).await;
    let early = fixture
        .store
        .read_whatever_is_unpacked(&log_of(&endpoint).series, 0)
        .await
        .unwrap()
        .unwrap()
        .pack()
        .unwrap();
    assert!(erase(&fixture, &event).await);
    assert_forgotten(&fixture, &event, std::slice::from_ref(&endpoint)).await;
    assert_eq!(fixture.store.write_block(&early).await.unwrap(), Written::Changed);

    finish_many(&fixture, 600).await;
    let event = fixture.accept(&personal()).await.id;
    let leased = take_one(&fixture, &mut worker).await;
    fixture.report(&mut worker, &leased, repeats(None)).await;
    finish_many(&fixture, 300).await;
    let length = whole_log(&fixture, &endpoint).await.len();
    assert!(erase(&fixture, &event).await);
    assert_forgotten(&fixture, &event, std::slice::from_ref(&endpoint)).await;
    assert_eq!(whole_log(&fixture, &endpoint).await.len(), length);
    let since = fixture
        .store
        .complete_since(&account(), &endpoint, store::log::Past::Log)
        .await;
    assert_eq!(since.unwrap(), None, "nothing is missing");
}

#[tokio::test]
async fn replays_of_it_end_as_well() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    for is_packed in [false, true] {
        let event = fixture.accept(&personal()).await.id;
        let leased = take_one(&fixture, &mut worker).await;
        fixture.report(&mut worker, &leased, succeeded()).await;
        if is_packed {
            fixture.pass(MINUTE).await;
            assert!(pack_whatever(&fixture, &events_of(&account()).series, 0).await);
        }
        let source = DeliveryId::of(&event, &endpoint);
        let mut replays = Vec::new();
        for _ in 0..3 {
            let replay = source.replay();
            let sent = fixture
                .store
                .replay_delivery(&account(), &source, &replay, BUDGETS)
                .await;
            assert_eq!(sent.unwrap(), ReplayOutcome::Pending);
            replays.push(replay);
        }
        let in_flight = take_one(&fixture, &mut worker).await;
        let retried = take_one(&fixture, &mut worker).await;
        fixture.report(&mut worker, &retried, repeats(Some(60))).await;
        assert!(erase(&fixture, &event).await);
        fixture.assert_drained().await;
        assert_eq!(
            fixture.report(&mut worker, &in_flight, repeats(Some(5))).await,
            Receipt::Stale
        );
        assert_forgotten(&fixture, &event, std::slice::from_ref(&endpoint)).await;
        for replay in &replays {
            assert_eq!(end_of(&fixture, replay).await.0, DeliveryState::Canceled);
        }
        assert_eq!(end_of(&fixture, &source).await.0, DeliveryState::Succeeded);
    }
}

#[tokio::test]
async fn its_idempotency_key_is_remembered_and_nothing_is_sent_again() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let event = with_key(personal(), "key", "fingerprint1");
    fixture.accept(&event).await;
    assert!(erase(&fixture, &event.id).await);
    let again = with_key(personal(), "key", "fingerprint1");
    let accepted = fixture.accept(&again).await;
    assert!(accepted.duplicate);
    assert_eq!(accepted.id, event.id);
    // The same call once more, since its answer was lost.
    fixture.accept(&event).await;
    assert!(fixture.fetch(&mut Worker::new(), 8).await.is_empty());
    assert_forgotten(&fixture, &event.id, &[endpoint]).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn strangers_and_what_nobody_knows_are_left_alone() {
    let (fixture, endpoint) = Fixture::with_events(1).await;
    let event = fixture.accept(&personal()).await.id;
    let stranger = "org:org_2".parse().unwrap();
    assert!(!fixture.store.erase_event(&stranger, &event).await.unwrap());
    let unknown = EventId::new(event.time().as_millis());
    assert!(!erase(&fixture, &unknown).await);
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 8).await;
    assert_eq!(leased.len(), 2);
    let reports = leased.iter().map(|one| report(one, succeeded())).collect();
    fixture
        .work(&mut worker, WorkRequest { reports, ..wants(0) })
        .await;
    let body = fixture.store.event_body(&account(), &event).await.unwrap();
    assert!(body.is_some_and(|body| String::from_utf8_lossy(&body).contains(NAME)));
    // Of one whose payload has gone, the lines are cleared.
    let key = format!("wh:{{0}}:event:{event}");
    let _: i64 = fixture.command(redis::cmd("DEL").arg(key)).await;
    assert!(fixture.store.erase_event(&account(), &event).await.unwrap());
    assert_eq!(
        end_of(&fixture, &DeliveryId::of(&event, &endpoint)).await.0,
        DeliveryState::Succeeded
    );
}
