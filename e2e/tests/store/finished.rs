//! Payloads of finished events go at the end of their retention, or earlier if the store needs room.
//!
//! Proves (guarantees): Redis is full of finished work
//! Proves (guarantees): an account has more exhausted payloads than its budget
//! Proves (guarantees): payloads are kept as long as the workers say now, whatever they said when the event came

use std::time::Duration;

use domain::event::EventType;
use domain::id::{AccountId, DeliveryId, EventId};
use store::check::broken_rules;
use store::events::{AcceptOutcome, NewEvent};
use store::queue::{Outcome, Released, UpkeepReply, WorkRequest};
use store::replays::ReplayOutcome;

use crate::fixture::{
    BUDGETS, Fixture, Worker, account, event_of, failed, gone, new_event, report, succeeded, wants,
};

const DAY: u64 = 86_400;

fn other() -> AccountId {
    "org:org_2".parse().unwrap()
}

/// An event of an account with about this many bytes of payload.
fn sized(account: &AccountId, bytes: usize) -> NewEvent {
    let data = format!("{{\"text\":\"{}\"}}", "x".repeat(bytes));
    NewEvent {
        account: account.clone(),
        ..event_of(EventType::LEAD_CAPTURED, "bot", &data)
    }
}

/// Accepts events and reports this outcome of each of their deliveries, a second after the event before.
async fn finish(fixture: &Fixture, events: &[NewEvent], outcome: fn() -> Outcome) -> Vec<EventId> {
    let mut worker = Worker::new();
    for event in events {
        fixture.accept(event).await;
        let leased = fixture.fetch(&mut worker, 64).await;
        let reports = leased.iter().map(|leased| report(leased, outcome())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        fixture.pass(Duration::from_secs(1)).await;
    }
    events.iter().map(|event| event.id.clone()).collect()
}

fn exhausted() -> Outcome {
    failed(None)
}

/// Runs steps of upkeep until nothing is left to do; returns all that they released.
async fn upkeep(fixture: &Fixture, mut room: u64) -> (Released, Released) {
    let mut all = (Released::default(), Released::default());
    loop {
        let reply = fixture
            .store
            .upkeep_step(&fixture.policy, None, room)
            .await
            .unwrap();
        for (sum, one) in [(&mut all.0, reply.aged), (&mut all.1, reply.early)] {
            sum.payloads += one.payloads;
            sum.bytes += one.bytes;
        }
        room = room.saturating_sub(reply.aged.bytes + reply.early.bytes);
        if !reply.more {
            let violations = broken_rules(&fixture.store.snapshot(&|_| {}).await.unwrap());
            assert!(violations.is_empty(), "{violations:#?}");
            return all;
        }
    }
}

/// Which of these events still have their payload.
async fn kept(fixture: &Fixture, events: &[EventId]) -> Vec<bool> {
    let mut found = vec![];
    for event in events {
        found.push(fixture.hash(&format!("event:{event}")).await.contains_key("body"));
    }
    found
}

async fn replay(fixture: &Fixture, source: &DeliveryId, new: &DeliveryId) -> ReplayOutcome {
    fixture
        .store
        .replay_delivery(&account(), source, new, BUDGETS)
        .await
        .unwrap()
}

#[tokio::test]
async fn payloads_go_at_the_age_that_counts_now_whatever_it_was_when_they_came() {
    let mut fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let delivered = finish(&fixture, &[new_event(), new_event()], succeeded).await;
    let given_up = finish(&fixture, &[new_event()], exhausted).await;
    fixture.pass(Duration::from_secs(3600)).await;
    assert_eq!(upkeep(&fixture, 0).await, Default::default());

    fixture.policy.retention_succeeded = Duration::from_secs(600);
    let (aged, early) = upkeep(&fixture, 0).await;
    assert_eq!((aged.payloads, early.payloads), (2, 0));
    assert_eq!(kept(&fixture, &delivered).await, [false, false]);
    // A longer one keeps what is still there.
    fixture.policy.retention_failed = Duration::from_secs(30 * DAY);
    fixture.pass(Duration::from_secs(20 * DAY)).await;
    assert_eq!(upkeep(&fixture, 0).await.0.payloads, 0);
    assert_eq!(kept(&fixture, &given_up).await, [true]);
    fixture.policy.retention_failed = Duration::from_secs(14 * DAY);
    assert_eq!(upkeep(&fixture, 0).await.0.payloads, 1);
    assert_eq!(kept(&fixture, &given_up).await, [false]);
    assert_eq!(fixture.hash("stats").await["releasedAtAge"], "3");

    // What is left of them says so, as before.
    let source = DeliveryId::of(&given_up[0], &endpoint);
    let detail = fixture.store.get_delivery(&account(), &endpoint, &source).await;
    let detail = detail.unwrap().unwrap().unwrap();
    assert!(detail.payload.is_none());
    assert_eq!(detail.attempts.len(), 1);
    assert_eq!(
        replay(&fixture, &source, &source.replay()).await,
        ReplayOutcome::Expired
    );
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_payload_is_kept_for_a_minute_whatever_is_configured() {
    let mut fixture = Fixture::new().await;
    fixture.policy.retention_succeeded = Duration::from_millis(1);
    fixture.endpoint(&["*"]).await;
    let events = finish(&fixture, &[new_event()], succeeded).await;
    fixture.pass(Duration::from_secs(55)).await;
    upkeep(&fixture, 0).await;
    assert_eq!(kept(&fixture, &events).await, [true]);
    fixture.pass(Duration::from_secs(10)).await;
    upkeep(&fixture, 0).await;
    assert_eq!(kept(&fixture, &events).await, [false]);
}

#[tokio::test]
async fn the_account_with_the_most_gives_first_its_oldest_first_and_exhausted_payloads_last() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    fixture.endpoint_of(&other(), &["*"], None).await;
    let events = |account: &AccountId, count: usize| -> Vec<_> {
        (0..count).map(|_| sized(account, 20_000)).collect()
    };
    let given_up = finish(&fixture, &events(&account(), 3), exhausted).await;
    let little = finish(&fixture, &events(&other(), 2), succeeded).await;
    let much = finish(&fixture, &events(&account(), 8), succeeded).await;
    fixture.pass(Duration::from_secs(60)).await;

    let (aged, early) = upkeep(&fixture, 50_000).await;
    assert_eq!((aged.payloads, early.payloads), (0, 3));
    assert!((60_000..65_000).contains(&early.bytes), "{early:?}");
    let gone = |count: usize| (0..8).map(|number| number >= count).collect::<Vec<_>>();
    assert_eq!(kept(&fixture, &much).await, gone(3));
    upkeep(&fixture, 50_000).await;
    assert_eq!(kept(&fixture, &much).await, gone(6));
    assert_eq!(kept(&fixture, &little).await, [true, true]);
    assert_eq!(kept(&fixture, &given_up).await, [true, true, true]);
    // All that was delivered goes before anything that was exhausted.
    upkeep(&fixture, 100_000).await;
    assert_eq!(kept(&fixture, &much).await, gone(8));
    assert_eq!(kept(&fixture, &little).await, [false, false]);
    assert_eq!(kept(&fixture, &given_up).await, [false, true, true]);
    let (_, early) = upkeep(&fixture, u64::MAX >> 12).await;
    assert_eq!(early.payloads, 2, "there is no more");
    assert_eq!(fixture.hash("stats").await["releasedEarly"], "13");
    let left: Vec<_> = fixture.keys().await;
    assert!(
        left.iter()
            .all(|key| !key.starts_with("finished") && !key.starts_with("event:")),
        "{left:?}"
    );
}

#[tokio::test]
async fn what_is_unfinished_never_goes() {
    let (fixture, endpoint) = Fixture::with_events(4).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 3).await;
    fixture.report(&mut worker, &leased[0], failed(Some(60))).await;
    fixture.report(&mut worker, &leased[1], gone()).await;
    assert_eq!(upkeep(&fixture, u64::MAX >> 12).await, Default::default());
    assert_eq!(fixture.get(&endpoint).await.queue.total(), 4);
}

#[tokio::test]
async fn an_event_that_is_sent_again_leaves_the_index_and_enters_it_anew() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let event = finish(&fixture, &[new_event()], succeeded).await.remove(0);
    let source = DeliveryId::of(&event, &endpoint);
    let list = || fixture.list("account:org:org_1:delivered");
    let mut worker = Worker::new();
    for round in 1..=3 {
        fixture.pass(Duration::from_secs(100)).await;
        assert_eq!(
            replay(&fixture, &source, &source.replay()).await,
            ReplayOutcome::Pending
        );
        // It waits, so its old entry frees nothing, not even what it is charged.
        let bytes: f64 = fixture
            .command(
                redis::cmd("ZSCORE")
                    .arg("wh:{0}:finished:delivered:bytes")
                    .arg(account().as_str()),
            )
            .await;
        assert!(bytes.abs() < 0.5, "{bytes}");
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        fixture.report(&mut worker, &leased, succeeded()).await;
        assert_eq!(list().await.len(), 1 + round);
    }
    // The entries of the first three rounds are old enough, the last one is not.
    fixture.pass(Duration::from_secs(DAY - 50)).await;
    assert_eq!(upkeep(&fixture, 0).await, Default::default());
    assert_eq!(list().await.len(), 1);
    assert_eq!(kept(&fixture, std::slice::from_ref(&event)).await, [true]);
    fixture.pass(Duration::from_secs(60)).await;
    assert_eq!(upkeep(&fixture, 0).await.0.payloads, 1);
    assert_eq!(list().await, Vec::<String>::new());
    fixture.assert_drained().await;
}

#[tokio::test]
async fn an_event_that_failed_once_stays_among_the_exhausted() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let event = finish(&fixture, &[new_event()], exhausted).await.remove(0);
    let source = DeliveryId::of(&event, &endpoint);
    replay(&fixture, &source, &source.replay()).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, succeeded()).await;
    assert_eq!(fixture.list("account:org:org_1:exhausted").await.len(), 2);
    assert_eq!(fixture.list("account:org:org_1:delivered").await.len(), 0);
    let (_, early) = upkeep(&fixture, 1).await;
    assert_eq!(early.payloads, 1);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn canceled_events_are_kept_as_delivered_ones() {
    let (fixture, endpoint) = Fixture::with_events(3).await;
    assert!(
        fixture
            .store
            .remove_endpoint(&account(), &endpoint)
            .await
            .unwrap()
    );
    upkeep(&fixture, 0).await;
    assert_eq!(fixture.list("account:org:org_1:delivered").await.len(), 3);
    fixture.pass(Duration::from_secs(DAY + 1)).await;
    assert_eq!(upkeep(&fixture, 0).await.0.payloads, 3);
}

/// Before there was an index, finished events had a lifetime. They expire, and join it when they are sent again.
#[tokio::test]
async fn events_of_earlier_releases_expire_or_join_the_index() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let events = finish(&fixture, &[new_event(), new_event()], succeeded).await;
    for event in &events {
        let _: i64 = fixture
            .command(
                redis::cmd("PEXPIRE")
                    .arg(format!("wh:{{0}}:event:{event}"))
                    .arg(3_600_000),
            )
            .await;
    }
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(&[
            "wh:{0}:account:org:org_1:delivered",
            "wh:{0}:finished:delivered",
            "wh:{0}:finished:delivered:bytes",
        ]))
        .await;
    assert_eq!(upkeep(&fixture, u64::MAX >> 12).await, Default::default());
    let source = DeliveryId::of(&events[0], &endpoint);
    replay(&fixture, &source, &source.replay()).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, succeeded()).await;
    assert_eq!(fixture.ttl(&format!("event:{}", events[0])).await, -1);
    assert_eq!(upkeep(&fixture, u64::MAX >> 12).await.1.payloads, 1);
    assert_eq!(kept(&fixture, &events).await, [false, true]);
}

/// The call that accepted an event may be repeated when its answer was lost.
#[tokio::test]
async fn an_event_that_went_early_is_not_accepted_again_by_the_same_call() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let event = new_event();
    finish(&fixture, std::slice::from_ref(&event), succeeded).await;
    let (_, early) = upkeep(&fixture, 1).await;
    assert_eq!(early.payloads, 1);
    assert_eq!(kept(&fixture, std::slice::from_ref(&event.id)).await, [false]);
    let AcceptOutcome::Accepted(again) = fixture.accept_outcome(&event, BUDGETS).await else {
        panic!("it was accepted before");
    };
    assert_eq!((again.deliveries, again.duplicate), (1, false));
    assert_eq!(fixture.fetch(&mut Worker::new(), 1).await.len(), 0);
    let left = fixture.ttl(&format!("event:{}", event.id)).await;
    assert!((1..=10_000).contains(&left), "{left}");
}

#[tokio::test]
async fn a_step_is_bounded_in_entries_and_in_bytes() {
    let (fixture, _) = Fixture::with_events(1000).await;
    let mut worker = Worker::new();
    for _ in 0..40 {
        let leased = fixture.fetch(&mut worker, 32).await;
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
    }
    fixture.pass(Duration::from_secs(DAY + 1)).await;
    let mut released = vec![];
    loop {
        let UpkeepReply { aged, more, .. } = fixture.store.upkeep(&fixture.policy).await.unwrap();
        released.push(aged.payloads);
        if !more {
            break;
        }
    }
    assert_eq!(released.iter().sum::<u64>(), 1000);
    assert!(released.iter().all(|count| *count <= 300), "{released:?}");

    let events: Vec<_> = (0..20).map(|_| sized(&account(), 1_000_000)).collect();
    finish(&fixture, &events, succeeded).await;
    let reply = fixture
        .store
        .upkeep_step(&fixture.policy, None, u64::MAX >> 12)
        .await
        .unwrap();
    assert_eq!((reply.early.payloads, reply.more), (17, true), "16 MiB at a time");
}

#[tokio::test]
async fn what_cannot_be_read_of_the_index_is_set_aside_and_stops_nothing() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    for (name, damage) in [
        ("account:org:org_1:delivered", vec!["LPUSH", "rubbish"]),
        ("account:org:org_1:delivered", vec!["SET", "text"]),
        ("finished:delivered", vec!["SET", "text"]),
        ("finished:delivered:bytes", vec!["SET", "text"]),
    ] {
        let key = format!("wh:{{0}}:{name}");
        let mut command = redis::cmd(damage[0]);
        command.arg(&key).arg(damage[1]);
        let _: redis::Value = fixture.command(&command).await;
        finish(&fixture, &[new_event()], succeeded).await;
        let reply = fixture
            .store
            .upkeep_step(&fixture.policy, None, 100_000)
            .await
            .unwrap();
        assert!(
            reply.early.payloads == 1 || name.ends_with(":bytes"),
            "{damage:?}: {reply:?}"
        );
        let corrupt = fixture.list("corrupt").await;
        assert!(corrupt.last().unwrap().contains(name), "{corrupt:?}");
        let _: i64 = fixture
            .command(
                redis::cmd("DEL")
                    .arg("wh:{0}:corrupt")
                    .arg("wh:{0}:account:org:org_1:delivered")
                    .arg("wh:{0}:finished:delivered")
                    .arg("wh:{0}:finished:delivered:bytes"),
            )
            .await;
    }
}

#[tokio::test]
async fn an_account_keeps_so_many_bytes_of_exhausted_payloads_the_newest_and_others_keep_theirs() {
    let mut fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    fixture.endpoint_of(&other(), &["*"], None).await;
    let events = |account: &AccountId, count: usize| -> Vec<_> {
        (0..count).map(|_| sized(account, 20_000)).collect()
    };
    let delivered = finish(&fixture, &events(&account(), 8), succeeded).await;
    let given_up = finish(&fixture, &events(&account(), 8), exhausted).await;
    let of_other = finish(&fixture, &events(&other(), 4), exhausted).await;
    fixture.pass(Duration::from_secs(60)).await;
    fixture.policy.exhausted_budget = 170_000;
    assert_eq!(upkeep(&fixture, 0).await, Default::default());

    fixture.policy.exhausted_budget = 105_000;
    let reply = fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!((reply.over_budget.payloads, reply.more), (3, false));
    assert!((60_000..65_000).contains(&reply.over_budget.bytes), "{reply:?}");
    let gone = |count: usize| (0..8).map(|number| number >= count).collect::<Vec<_>>();
    assert_eq!(kept(&fixture, &given_up).await, gone(3));
    assert_eq!(kept(&fixture, &delivered).await, gone(0));
    assert_eq!(kept(&fixture, &of_other).await, [true; 4]);
    assert_eq!(fixture.hash("stats").await["releasedOverBudget"], "3");
    assert_eq!(
        fixture.store.upkeep(&fixture.policy).await.unwrap().over_budget,
        Released::default()
    );

    // One that finished just now loses its payload too, and its delivery stays readable.
    let last = finish(&fixture, &events(&other(), 2), exhausted).await;
    let both = fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!(both.over_budget.payloads, 1);
    assert_eq!(kept(&fixture, &of_other).await, [false, true, true, true]);
    assert_eq!(kept(&fixture, &last).await, [true; 2]);
    fixture.policy.exhausted_budget = 0;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    assert_eq!(kept(&fixture, &last).await, [false; 2]);
    assert_eq!(fixture.count("EXISTS", "finished:exhausted").await, 0);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_step_for_the_budget_is_bounded_too() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 1000;
    fixture.endpoint(&["*"]).await;
    let events: Vec<_> = (0..20).map(|_| sized(&account(), 1_000_000)).collect();
    finish(&fixture, &events, exhausted).await;
    fixture.policy.exhausted_budget = 0;
    let reply = fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!(
        (reply.over_budget.payloads, reply.more),
        (17, true),
        "16 MiB at a time"
    );
    let reply = fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!((reply.over_budget.payloads, reply.more), (3, false));
}
