//! The operator is told what happens to accounts: what, how often, in which order, and how much of it waits.
//!
//! Proves (guarantees): the operator is told what happens to accounts, each until it was taken, 64 MiB of it at most

use std::time::Duration;

use domain::endpoint::{EndpointPatch, ParkedAction, StateChange};
use domain::event::EventType;
use serde_json::{Value, json};
use store::events::Budgets;
use store::operator_events::OperatorEvents;
use store::queue::Incarnation;

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, failed, gone, refused, succeeded};

const LEASE: Duration = Duration::from_secs(30);

/// A fixture whose workers have announced that the operator is told.
async fn told() -> Fixture {
    let mut fixture = Fixture::new().await;
    fixture.policy.operator_events = true;
    fixture.policy.disable_after = 5;
    fixture.policy.max_attempts = 3;
    fixture.announce().await;
    fixture
}

/// Takes all that waits: each event's type and body.
async fn take(fixture: &Fixture) -> Vec<(String, Value)> {
    let (sender, mut sent, mut taken) = (Incarnation::random(), None, Vec::new());
    loop {
        let next = fixture
            .store
            .next_operator_event(&sender, LEASE, sent.as_deref())
            .await
            .unwrap();
        assert!(next.is_ours);
        let Some(event) = next.next else { break };
        let body: Value = serde_json::from_slice(&event.body).unwrap();
        assert_eq!(body["event"], *event.kind);
        assert_eq!(body["accountId"], account().as_str());
        let time = body["timestamp"].as_str().unwrap();
        assert!(time.parse::<domain::clock::Timestamp>().is_ok(), "{time}");
        format!("evt_{}", event.id)
            .parse::<domain::id::EventId>()
            .unwrap();
        taken.push((event.kind, body["data"].clone()));
        sent = Some(event.id);
    }
    let mut forget = redis::cmd("DEL");
    forget.arg("wh:{0}:operator:sender");
    let _: u32 = fixture.command(&forget).await;
    fixture.assert_sound().await;
    taken
}

/// One attempt of the delivery that is next.
async fn attempt(fixture: &Fixture, worker: &mut Worker, outcome: store::queue::Outcome) {
    let leased = fixture.fetch(worker, 1).await;
    fixture.report(worker, &leased[0], outcome).await;
}

fn kinds(taken: &[(String, Value)]) -> Vec<&str> {
    taken.iter().map(|(kind, _)| kind.as_str()).collect()
}

#[tokio::test]
async fn an_account_with_one_endpoint_is_told_about() {
    let fixture = told().await;
    let (endpoint, mut worker) = (fixture.endpoint(&["*"]).await, Worker::new());
    fixture.push().await;
    attempt(&fixture, &mut worker, failed(None)).await;
    let taken = take(&fixture).await;
    assert_eq!(kinds(&taken), ["delivery.exhausted"]);
    assert_eq!(taken[0].1["endpointId"], endpoint.as_str());
    fixture.push().await;
    attempt(&fixture, &mut worker, gone()).await;
    let taken = take(&fixture).await;
    assert_eq!(kinds(&taken), ["endpoint.disabled"]);
    assert_eq!(taken[0].1["reason"], "gone");
    fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
    fixture.pass(Duration::from_secs(60)).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    attempt(&fixture, &mut worker, succeeded()).await;
    assert_eq!(kinds(&take(&fixture).await), ["endpoint.recovered"]);
    fixture.push().await;
    attempt(&fixture, &mut worker, refused(Some(1800), Some(40))).await;
    let taken = take(&fixture).await;
    assert_eq!(kinds(&taken), ["endpoint.held"]);
    assert!(taken[0].1["heldUntil"].is_string());
}

#[tokio::test]
async fn a_streak_is_told_once_when_it_is_long_in_number_or_in_time() {
    let fixture = told().await;
    let (_endpoint, mut worker) = (fixture.endpoint(&["*"]).await, Worker::new());
    fixture.push_many(12).await;
    for (number, expected) in [(1, 0), (2, 0), (3, 1), (4, 0)] {
        attempt(&fixture, &mut worker, failed(Some(7200))).await;
        let taken = take(&fixture).await;
        let told: Vec<_> = taken
            .iter()
            .filter(|(kind, _)| kind == "endpoint.failing")
            .collect();
        assert_eq!(told.len(), expected, "{number}");
        if let Some((_, data)) = told.first() {
            assert_eq!(
                (&data["consecutiveFailures"], &data["lastError"]),
                (&json!(3), &json!("http_status"))
            );
        }
    }
    attempt(&fixture, &mut worker, succeeded()).await;
    attempt(&fixture, &mut worker, failed(Some(7200))).await;
    fixture.pass(Duration::from_secs(61)).await;
    attempt(&fixture, &mut worker, failed(Some(7200))).await;
    assert_eq!(kinds(&take(&fixture).await), ["endpoint.failing"]);
}

#[tokio::test]
async fn what_will_be_given_up_is_told_once_a_day() {
    let mut fixture = told().await;
    fixture.policy.disable_after = 100;
    fixture.policy.retention_failed = Duration::from_secs(48 * 3600);
    let (endpoint, mut worker) = (fixture.endpoint(&["*"]).await, Worker::new());
    // The second attempt fails: the third is the last.
    fixture.push().await;
    attempt(&fixture, &mut worker, failed(Some(1))).await;
    assert_eq!(kinds(&take(&fixture).await), Vec::<&str>::new());
    fixture.pass(Duration::from_secs(2)).await;
    // The default schedule waits for a day and up to a tenth of it before the last attempt.
    attempt(&fixture, &mut worker, failed(Some(26 * 3600))).await;
    let taken = take(&fixture).await;
    assert_eq!(kinds(&taken), ["delivery.expiring"]);
    assert_eq!(
        (&taken[0].1["parked"], &taken[0].1["endpointId"]),
        (&json!(false), &json!(endpoint.as_str()))
    );
    // One that its last failure but one switches off is parked, and ends later.
    let off = fixture.endpoint(&["ticket.created"]).await;
    fixture
        .accept(&event_of(EventType::TICKET_CREATED, "bot", "{}"))
        .await;
    let of_both = fixture.fetch(&mut worker, 2).await;
    for leased in of_both {
        let outcome = if leased.endpoint.id == off {
            gone()
        } else {
            succeeded()
        };
        fixture.report(&mut worker, &leased, outcome).await;
    }
    assert_eq!(kinds(&take(&fixture).await), ["endpoint.disabled"]);
    // What is parked: not while it has more than a day.
    let other = fixture.endpoint(&["message.sent"]).await;
    let pause = EndpointPatch {
        state: Some(StateChange::Paused),
        ..EndpointPatch::default()
    };
    fixture
        .store
        .update_endpoint(&account(), &other, &pause)
        .await
        .unwrap();
    fixture
        .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
        .await;
    let upkeep = async |hours: u64| {
        for _ in 0..hours {
            fixture.pass(Duration::from_secs(3600)).await;
            while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
        }
        take(&fixture).await
    };
    assert_eq!(kinds(&upkeep(20).await), Vec::<&str>::new());
    let taken = upkeep(10).await;
    let parked = taken.iter().filter(|(_, data)| data["parked"] == true);
    let mut endpoints: Vec<_> = parked
        .map(|(_, data)| data["endpointId"].as_str().unwrap())
        .collect();
    endpoints.sort_unstable();
    let mut both = [off.as_str(), other.as_str()];
    both.sort_unstable();
    assert_eq!(endpoints, both, "{taken:?}");
}

#[tokio::test]
async fn an_account_near_its_budget_is_told_at_70_and_at_90_percent() {
    let fixture = told().await;
    let _endpoint = fixture.endpoint(&["*"]).await;
    let budgets = Budgets {
        account_bytes: 10_000,
        ..BUDGETS
    };
    let event = || {
        event_of(
            EventType::LEAD_CAPTURED,
            "bot",
            &format!("{{\"text\":\"{}\"}}", "x".repeat(600)),
        )
    };
    let mut told = Vec::new();
    for _ in 0..12 {
        fixture.accept_outcome(&event(), budgets).await;
        told.extend(take(&fixture).await);
    }
    assert_eq!(kinds(&told), ["account.near_budget"; 2]);
    let percents: Vec<_> = told
        .iter()
        .map(|(_, data)| data["percent"].as_u64().unwrap())
        .collect();
    assert_eq!(percents, [70, 90]);
    for (_, data) in &told {
        assert_eq!(data["budgetBytes"], 10_000);
        let used = data["usedBytes"].as_u64().unwrap();
        assert!(used * 100 >= data["percent"].as_u64().unwrap() * 10_000, "{data}");
    }
}

#[tokio::test]
async fn nothing_is_kept_for_nobody() {
    let mut fixture = told().await;
    let (_endpoint, mut worker) = (fixture.endpoint(&["*"]).await, Worker::new());
    fixture.push().await;
    attempt(&fixture, &mut worker, failed(None)).await;
    assert_eq!(fixture.list("operator").await.len(), 1);
    // The operator isn't told any more.
    fixture.policy.operator_events = false;
    fixture.announce().await;
    fixture.push().await;
    attempt(&fixture, &mut worker, failed(None)).await;
    let left = fixture.keys().await;
    assert!(!left.iter().any(|key| key.starts_with("operator")), "{left:?}");
}

#[tokio::test]
async fn one_worker_sends_them_and_each_goes_once_it_was_sent() {
    let fixture = told().await;
    let (_endpoint, mut worker) = (fixture.endpoint(&["*"]).await, Worker::new());
    fixture.push_many(2).await;
    for _ in 0..2 {
        attempt(&fixture, &mut worker, failed(None)).await;
    }
    let (one, other) = (Incarnation::random(), Incarnation::random());
    let ask = async |sender: &Incarnation, sent: Option<&str>| -> OperatorEvents {
        let next = fixture.store.next_operator_event(sender, LEASE, sent).await;
        next.unwrap()
    };
    let first = ask(&one, None).await;
    assert_eq!((first.waiting, first.is_ours), (2, true));
    let denied = ask(&other, None).await;
    assert_eq!((denied.waiting, denied.is_ours, denied.next), (2, false, None));
    // Until it was sent it is handed out again; that it was can be said twice.
    assert_eq!(ask(&one, None).await.next, first.next);
    let id = first.next.unwrap().id;
    let second = ask(&one, Some(&id)).await;
    assert_eq!(second.waiting, 1);
    assert_eq!(ask(&one, Some(&id)).await, second);
    let last = second.next.unwrap().id;
    assert_ne!(last, id);
    assert_eq!(ask(&one, Some(&last)).await.next, None);
    assert_eq!(fixture.list("operator").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_oldest_of_too_many_go_and_are_counted() {
    const MOST: usize = 64 << 20;
    let mut fixture = told().await;
    fixture.policy.disable_after = 100;
    let (_endpoint, mut worker) = (fixture.endpoint(&["*"]).await, Worker::new());
    fixture.push_many(3).await;
    for _ in 0..2 {
        attempt(&fixture, &mut worker, failed(None)).await;
    }
    // As many wait as may, but for half of one.
    let before = fixture.list("operator").await;
    let mut fill = redis::cmd("SET");
    fill.arg("wh:{0}:operator:bytes").arg(MOST - before[0].len() / 2);
    let _: String = fixture.command(&fill).await;
    attempt(&fixture, &mut worker, failed(None)).await;
    let next = fixture
        .store
        .next_operator_event(&Incarnation::random(), LEASE, None)
        .await
        .unwrap();
    assert_eq!((next.dropped, next.waiting), (1, 2));
    assert!(before[1].starts_with(&next.next.unwrap().id));
    let mut left = redis::cmd("GET");
    left.arg("wh:{0}:operator:bytes");
    let left: usize = fixture.command(&left).await;
    assert!(left <= MOST && left > MOST - before[0].len(), "{left}");
}
