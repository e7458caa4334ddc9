//! How the store makes replays.
//!
//! Proves (guarantees): a replay carries the same `webhook-id`, and the failures of one by hand are no strikes
//! Proves (guarantees): a replay of many lets live events of its endpoint wait behind 64 deliveries at most
//! Proves (guarantees): a replay fails that somebody asked for by hand

use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::endpoint::ParkedAction;
use domain::id::{DeliveryId, EndpointId, ReplayId};
use store::events::Budgets;
use store::queue::{Receipt, UpkeepReply, WorkRequest};
use store::replays::{Replay, ReplayOutcome, ReplaySpan, ReplayState, ReplayStatus, StartOutcome};

use crate::fixture::{BUDGETS, Fixture, Worker, account, failed, report, succeeded, wants};

async fn exhaust(fixture: &Fixture, count: usize) -> Vec<DeliveryId> {
    fixture.push_many(count).await;
    let mut worker = Worker::new();
    let mut ended = Vec::new();
    while ended.len() < count {
        let leased = fixture.fetch(&mut worker, 32).await;
        let reports = leased.iter().map(|leased| report(leased, failed(None))).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        ended.extend(leased.into_iter().map(|leased| leased.delivery));
    }
    ended
}

/// An endpoint whose failures don't disable it, and what it takes to make them.
async fn tolerant() -> (Fixture, EndpointId) {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    (fixture, endpoint)
}

async fn start(fixture: &Fixture, endpoint: &EndpointId, status: ReplayStatus) -> Replay {
    let facts = fixture
        .store
        .endpoint_facts(&account(), endpoint)
        .await
        .unwrap()
        .unwrap();
    let span = ReplaySpan {
        status,
        events: Vec::new(),
        since: Timestamp::default(),
        until: facts.now,
    };
    let id = ReplayId::new(Timestamp::now().as_millis());
    match fixture
        .store
        .start_replay(&account(), endpoint, &id, &span, BUDGETS)
        .await
        .unwrap()
    {
        StartOutcome::Started(replay) => *replay,
        other => panic!("{other:?}"),
    }
}

async fn step(fixture: &Fixture) -> UpkeepReply {
    fixture.pass(Duration::from_millis(60)).await;
    fixture.store.upkeep(&fixture.policy).await.unwrap()
}

async fn progress(fixture: &Fixture, endpoint: &EndpointId, id: &ReplayId) -> Replay {
    fixture
        .store
        .get_replay(&account(), endpoint, id)
        .await
        .unwrap()
        .unwrap()
}

/// Whoever has a turn already would wait until the counter has caught up with it.
#[tokio::test]
async fn a_replay_by_hand_does_not_begin_the_turns_anew() {
    let (fixture, endpoint) = tolerant().await;
    exhaust(&fixture, 1).await;
    let source = exhaust(&fixture, 1).await.remove(0);
    let over: u64 = fixture.hash("stats").await["turn"].parse().unwrap();
    assert!(over > 1, "{over}");
    let outcome = fixture
        .store
        .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
        .await;
    assert_eq!(outcome.unwrap(), ReplayOutcome::Pending);
    let turn = fixture.score("ready", endpoint.as_str()).await;
    assert_eq!(turn, Some(over + 1));
}

#[tokio::test]
async fn a_replay_by_hand_is_a_new_delivery_and_its_failures_are_no_strikes() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 1;
    let endpoint = fixture.endpoint(&["*"]).await;
    let accepted = fixture.push().await;
    let source = DeliveryId::of(&accepted.id, &endpoint);
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, succeeded()).await;

    let new = source.replay();
    for _ in 0..2 {
        let outcome = fixture
            .store
            .replay_delivery(&account(), &source, &new, BUDGETS)
            .await;
        assert_eq!(outcome.unwrap(), ReplayOutcome::Pending);
    }
    let again = fixture.fetch(&mut worker, 8).await;
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].delivery, &again[0].event.id), (&new, &accepted.id));
    assert_eq!(again[0].event.body, leased.event.body);
    assert_eq!(
        fixture.report(&mut worker, &again[0], failed(Some(5))).await,
        Receipt::Recorded
    );
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 0);
    fixture.pass(Duration::from_secs(6)).await;
    let again = fixture.fetch(&mut worker, 8).await.remove(0);
    assert_eq!((&again.delivery, again.attempt), (&new, 2));
    fixture.report(&mut worker, &again, succeeded()).await;

    let detail = fixture.store.get_delivery(&account(), &endpoint, &new).await;
    let detail = detail.unwrap().unwrap().unwrap();
    assert_eq!(detail.summary.replay_of, Some(source));
    assert_eq!(
        detail
            .attempts
            .iter()
            .map(|attempt| attempt.outcome)
            .collect::<Vec<_>>(),
        [DeliveryState::Retrying, DeliveryState::Succeeded]
    );
    assert_eq!(detail.payload.unwrap().body, leased.event.body);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn what_is_gone_over_budget_or_anothers_is_not_replayed() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let source = DeliveryId::of(&fixture.push().await.id, &endpoint);
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, succeeded()).await;
    let before = fixture.keys().await;
    let other = "org:org_2".parse().unwrap();
    let tight = Budgets {
        account_bytes: 10,
        ..BUDGETS
    };
    for (account, budgets, expected) in [
        (&other, BUDGETS, ReplayOutcome::EndpointNotFound),
        (&account(), tight, ReplayOutcome::OverBudget),
    ] {
        let outcome = fixture
            .store
            .replay_delivery(account, &source, &source.replay(), budgets)
            .await;
        assert_eq!(outcome.unwrap(), expected);
    }
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:{}", source.event())))
        .await;
    let outcome = fixture
        .store
        .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
        .await;
    assert_eq!(outcome.unwrap(), ReplayOutcome::Expired);
    let expected: Vec<_> = before
        .into_iter()
        .filter(|key| !key.starts_with("event:"))
        .collect();
    assert_eq!(fixture.keys().await, expected, "a refused call changes nothing");
}

#[tokio::test]
async fn a_replay_of_many_fills_the_line_only_so_far_that_live_traffic_has_its_share() {
    let (fixture, endpoint) = tolerant().await;
    let sources = exhaust(&fixture, 300).await;
    let replay = start(&fixture, &endpoint, ReplayStatus::Exhausted).await;
    for _ in 0..12 {
        step(&fixture).await;
    }
    let line = fixture.list(&format!("pending:{endpoint}")).await;
    assert!((64..=64 + 12 * 8).contains(&line.len()), "{}", line.len());
    assert_eq!(
        progress(&fixture, &endpoint, &replay.id).await.state,
        ReplayState::Running
    );

    // A live event stands behind at most what was made so far.
    let live = DeliveryId::of(&fixture.push().await.id, &endpoint);
    let mut worker = Worker::new();
    let (mut before, mut arrived) = (0, Vec::new());
    let mut is_through = false;
    while arrived.len() < 301 {
        let reply = step(&fixture).await;
        assert!(
            reply.look_again.is_some()
                || progress(&fixture, &endpoint, &replay.id).await.state == ReplayState::Finished
        );
        let leased = fixture.fetch(&mut worker, 32).await;
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        for leased in leased {
            is_through = is_through || leased.delivery == live;
            before += usize::from(!is_through);
            arrived.push(leased.delivery);
        }
    }
    assert!(before <= line.len(), "{before} were served before the live event");
    let mut repeated: Vec<_> = arrived
        .iter()
        .filter(|id| id.is_replay())
        .map(|id| DeliveryId::of(&id.event(), &id.endpoint()))
        .collect();
    repeated.sort();
    let mut sources = sources;
    sources.sort();
    assert_eq!(repeated, sources);
    let end = progress(&fixture, &endpoint, &replay.id).await;
    assert_eq!(
        (end.state, end.made, end.succeeded),
        (ReplayState::Finished, 300, 300)
    );
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_replay_of_what_succeeded_reads_the_log_and_leaves_out_what_is_gone() {
    let (fixture, endpoint) = tolerant().await;
    fixture.push_many(10).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 32).await;
    let mut reports: Vec<_> = leased.iter().map(|leased| report(leased, succeeded())).collect();
    reports[3] = report(&leased[3], failed(None));
    fixture
        .work(&mut worker, WorkRequest { reports, ..wants(0) })
        .await;
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:{}", leased[5].event.id)))
        .await;
    let replay = start(&fixture, &endpoint, ReplayStatus::Succeeded).await;
    while progress(&fixture, &endpoint, &replay.id).await.state == ReplayState::Running {
        step(&fixture).await;
    }
    let end = progress(&fixture, &endpoint, &replay.id).await;
    assert_eq!((end.made, end.skipped), (8, 1));
    assert_eq!(fixture.get(&endpoint).await.queue.waiting, 8);
}

#[tokio::test]
async fn one_runs_at_a_time_it_parks_while_disabled_and_can_be_canceled() {
    let (fixture, endpoint) = tolerant().await;
    exhaust(&fixture, 200).await;
    fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
    let replay = start(&fixture, &endpoint, ReplayStatus::Exhausted).await;
    assert!(replay.is_parked);
    let id = ReplayId::new(Timestamp::now().as_millis());
    let second = fixture
        .store
        .start_replay(&account(), &endpoint, &id, &replay.span, BUDGETS)
        .await;
    assert_eq!(second.unwrap(), StartOutcome::Running(replay.id.clone()));
    step(&fixture).await;
    step(&fixture).await;
    for _ in 0..2 {
        let canceled = fixture
            .store
            .cancel_replay(&account(), &endpoint, &replay.id)
            .await;
        let canceled = canceled.unwrap().unwrap();
        assert_eq!((canceled.state, canceled.made), (ReplayState::Canceled, 128));
    }
    step(&fixture).await;
    assert_eq!(fixture.get(&endpoint).await.queue.waiting, 128);
    fixture.switch(&endpoint, true, ParkedAction::Discard).await;
    while step(&fixture).await.more {}
    assert_eq!(progress(&fixture, &endpoint, &replay.id).await.canceled, 128);
    fixture.assert_drained().await;

    let replay = start(&fixture, &endpoint, ReplayStatus::Exhausted).await;
    assert!(
        fixture
            .store
            .remove_endpoint(&account(), &endpoint)
            .await
            .unwrap()
    );
    step(&fixture).await;
    let gone = fixture.store.get_replay(&account(), &endpoint, &replay.id).await;
    assert_eq!(gone.unwrap(), None);
}

#[tokio::test]
async fn an_endpoint_keeps_its_last_twenty_replays_of_many_and_takes_them_with_it() {
    let (fixture, endpoint) = tolerant().await;
    let mut ended = Vec::new();
    for number in 0..23 {
        let replay = start(&fixture, &endpoint, ReplayStatus::Exhausted).await;
        if number % 2 == 0 {
            step(&fixture).await;
        } else {
            let canceled = fixture
                .store
                .cancel_replay(&account(), &endpoint, &replay.id)
                .await;
            assert_eq!(canceled.unwrap().unwrap().state, ReplayState::Canceled);
        }
        ended.push(replay.id);
    }
    for (number, id) in ended.iter().enumerate() {
        let found = fixture.store.get_replay(&account(), &endpoint, id).await;
        assert_eq!(found.unwrap().is_some(), number >= 3, "{number}");
    }
    assert_eq!(fixture.list(&format!("replays:{endpoint}")).await.len(), 20);
    assert_eq!(fixture.store.check().await.unwrap().violations, []);

    let running = start(&fixture, &endpoint, ReplayStatus::Exhausted).await;
    fixture
        .store
        .remove_endpoint(&account(), &endpoint)
        .await
        .unwrap();
    let left = fixture.keys().await;
    assert!(!left.iter().any(|key| key.starts_with("replay")), "{left:?}");
    assert_eq!(
        fixture.store.check().await.unwrap().violations,
        [],
        "{}",
        running.id
    );
}

#[tokio::test]
async fn the_check_reports_replays_that_ended_and_are_listed_nowhere() {
    let (fixture, endpoint) = tolerant().await;
    let replay = start(&fixture, &endpoint, ReplayStatus::Exhausted).await;
    step(&fixture).await;
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:replays:{endpoint}")))
        .await;
    let found = fixture.store.check().await.unwrap().violations;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].key, format!("replay:{}", replay.id));
}
