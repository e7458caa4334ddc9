//! Replays of what never got there, and of some types of events.
//!
//! Proves (guarantees): what was exhausted or canceled is known as undelivered until a replay of it succeeds

use std::collections::BTreeSet;
use std::time::Duration;

use ::history::Class;
use domain::clock::Timestamp;
use domain::endpoint::ParkedAction;
use domain::id::{DeliveryId, EndpointId, ReplayId};
use e2e::before;
use e2e::redis_server::RedisServer;
use store::StoreError;
use store::queue::{Outcome, WorkRequest};
use store::replays::{Replay, ReplayCount, ReplaySpan, ReplayState, ReplayStatus, StartOutcome};

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, failed, report, succeeded, wants};
use crate::packed::{pack_finished, pack_oldest_entries};

const LEAD: &str = "lead.captured";
const MESSAGE: &str = "message.sent";

async fn scene() -> (Fixture, EndpointId) {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    fixture.announce().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    (fixture, endpoint)
}

async fn push(fixture: &Fixture, kind: &str, count: usize) {
    for _ in 0..count {
        let event = event_of(kind.parse().unwrap(), "bot_1", "{}");
        fixture.accept(&event).await;
    }
}

/// Everything that waits is attempted once, and comes to this; answers the deliveries.
async fn all_end(fixture: &Fixture, endpoint: &EndpointId, outcome: fn() -> Outcome) -> Vec<DeliveryId> {
    let (mut worker, mut ended) = (Worker::new(), Vec::new());
    loop {
        fixture.end_slow_start(endpoint).await;
        let leased = fixture.fetch(&mut worker, 64).await;
        if leased.is_empty() {
            return ended;
        }
        let reports = leased.iter().map(|leased| report(leased, outcome())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        ended.extend(leased.into_iter().map(|leased| leased.delivery));
    }
}

fn given_up() -> Outcome {
    failed(None)
}

/// Events of this type come, and end so.
async fn finish(
    fixture: &Fixture,
    endpoint: &EndpointId,
    kind: &str,
    count: usize,
    outcome: fn() -> Outcome,
) -> Vec<DeliveryId> {
    push(fixture, kind, count).await;
    all_end(fixture, endpoint, outcome).await
}

/// Events come, are parked, and discarded.
async fn discard(fixture: &Fixture, endpoint: &EndpointId, kind: &str, count: usize) {
    push(fixture, kind, count).await;
    fixture.switch(endpoint, false, ParkedAction::Deliver).await;
    fixture.switch(endpoint, true, ParkedAction::Discard).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
}

async fn span(fixture: &Fixture, endpoint: &EndpointId, status: ReplayStatus, events: &[&str]) -> ReplaySpan {
    let facts = fixture.store.endpoint_facts(&account(), endpoint).await;
    ReplaySpan {
        status,
        events: events.iter().map(|name| (*name).to_owned()).collect(),
        since: Timestamp::default(),
        until: facts.unwrap().unwrap().now,
    }
}

/// How many there are of these types, or of all.
async fn count(fixture: &Fixture, endpoint: &EndpointId, status: ReplayStatus, events: &[&str]) -> u64 {
    let span = span(fixture, endpoint, status, events).await;
    let count = fixture.store.count_replay(&account(), endpoint, &span).await;
    let ReplayCount {
        matching,
        is_lower_bound,
    } = count.unwrap().unwrap();
    assert!(!is_lower_bound);
    matching
}

async fn undelivered(fixture: &Fixture, endpoint: &EndpointId) -> u64 {
    count(fixture, endpoint, ReplayStatus::Undelivered, &[]).await
}

async fn begin(fixture: &Fixture, endpoint: &EndpointId, span: &ReplaySpan) -> ReplayId {
    let id = ReplayId::new(Timestamp::now().as_millis());
    let mut said = Vec::new();
    // The answer was lost the first time.
    for _ in 0..2 {
        let started = fixture
            .store
            .start_replay(&account(), endpoint, &id, span, BUDGETS)
            .await;
        let StartOutcome::Started(replay) = started.unwrap() else {
            panic!("not started");
        };
        assert_eq!(replay.span, *span);
        said.push(replay);
    }
    assert_eq!(said[0], said[1]);
    id
}

/// Steps of upkeep until the replay has made all; what it makes comes to this as soon as it is there.
async fn run(
    fixture: &Fixture,
    endpoint: &EndpointId,
    id: &ReplayId,
    outcome: fn() -> Outcome,
) -> (Replay, BTreeSet<DeliveryId>) {
    let mut sources = BTreeSet::new();
    loop {
        fixture.pass(Duration::from_millis(60)).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
        for made in all_end(fixture, endpoint, outcome).await {
            assert!(made.is_replay());
            let source = DeliveryId::of(&made.event(), &made.endpoint());
            assert!(sources.insert(source), "{made} was made twice");
        }
        let replay = fixture.store.get_replay(&account(), endpoint, id).await;
        let replay = replay.unwrap().unwrap();
        if replay.state == ReplayState::Finished {
            fixture.assert_sound().await;
            return (replay, sources);
        }
    }
}

/// Sends all of it again, and expects as many as were counted.
async fn replay(
    fixture: &Fixture,
    endpoint: &EndpointId,
    (status, events): (ReplayStatus, &[&str]),
    outcome: fn() -> Outcome,
) -> BTreeSet<DeliveryId> {
    let counted = count(fixture, endpoint, status, events).await;
    let span = span(fixture, endpoint, status, events).await;
    let id = begin(fixture, endpoint, &span).await;
    let (replay, sources) = run(fixture, endpoint, &id, outcome).await;
    assert_eq!((replay.made, sources.len() as u64), (counted, counted));
    sources
}

async fn by_hand(fixture: &Fixture, source: &DeliveryId) {
    fixture
        .store
        .replay_delivery(&account(), source, &source.replay(), BUDGETS)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_never_got_there_is_sent_again_until_it_does() {
    let (fixture, endpoint) = scene().await;
    let exhausted = finish(&fixture, &endpoint, LEAD, 5, given_up).await;
    finish(&fixture, &endpoint, LEAD, 4, succeeded).await;
    discard(&fixture, &endpoint, MESSAGE, 3).await;
    assert_eq!(undelivered(&fixture, &endpoint).await, 8);
    assert_eq!(count(&fixture, &endpoint, ReplayStatus::Exhausted, &[]).await, 5);
    fixture.assert_sound().await;

    // One by hand that fails changes nothing, one that succeeds does.
    by_hand(&fixture, &exhausted[0]).await;
    all_end(&fixture, &endpoint, given_up).await;
    assert_eq!(undelivered(&fixture, &endpoint).await, 8);
    by_hand(&fixture, &exhausted[0]).await;
    all_end(&fixture, &endpoint, succeeded).await;
    assert_eq!(undelivered(&fixture, &endpoint).await, 7);
    // By how they ended, they are all there still.
    assert_eq!(count(&fixture, &endpoint, ReplayStatus::Exhausted, &[]).await, 5);

    // All of them fail once more: all are missing still.
    let all = (ReplayStatus::Undelivered, &[][..]);
    let once = replay(&fixture, &endpoint, all, given_up).await;
    assert!(!once.contains(&exhausted[0]));
    assert_eq!(replay(&fixture, &endpoint, all, succeeded).await, once);
    assert_eq!(undelivered(&fixture, &endpoint).await, 0);
    assert!(replay(&fixture, &endpoint, all, succeeded).await.is_empty());
    assert!(!fixture.keys().await.contains(&format!("canceled:{endpoint}")));
}

#[tokio::test]
async fn only_events_of_some_types_are_sent_again_however_they_ended() {
    let (fixture, endpoint) = scene().await;
    finish(&fixture, &endpoint, LEAD, 3, given_up).await;
    finish(&fixture, &endpoint, MESSAGE, 2, given_up).await;
    let delivered = finish(&fixture, &endpoint, MESSAGE, 4, succeeded).await;
    finish(&fixture, &endpoint, LEAD, 1, succeeded).await;
    discard(&fixture, &endpoint, LEAD, 6).await;
    discard(&fixture, &endpoint, "ticket.created", 7).await;
    use ReplayStatus::{Exhausted, Succeeded, Undelivered};
    for (status, events, expected) in [
        (Exhausted, &[LEAD][..], 3),
        (Exhausted, &[MESSAGE], 2),
        (Exhausted, &[MESSAGE, LEAD], 5),
        (Exhausted, &["session.created"], 0),
        (Succeeded, &[MESSAGE], 4),
        (Succeeded, &[LEAD, "ticket.created"], 1),
        (Undelivered, &[LEAD], 9),
        (Undelivered, &[MESSAGE], 2),
        (Undelivered, &["ticket.created", MESSAGE], 9),
    ] {
        let found = count(&fixture, &endpoint, status, events).await;
        assert_eq!(found, expected, "{status:?} {events:?}");
    }
    let made = replay(&fixture, &endpoint, (Succeeded, &[MESSAGE]), succeeded).await;
    assert_eq!(made, delivered.into_iter().collect());
    assert_eq!(
        replay(&fixture, &endpoint, (Undelivered, &[LEAD]), succeeded)
            .await
            .len(),
        9
    );
    assert_eq!(undelivered(&fixture, &endpoint).await, 9);
    assert_eq!(
        replay(&fixture, &endpoint, (Exhausted, &[LEAD]), succeeded)
            .await
            .len(),
        3
    );
}

/// Those that were canceled in one step are of one time, and leave the set as soon as their replays succeed.
#[tokio::test]
async fn a_replay_goes_on_where_it_was_though_what_it_passed_has_gone() {
    let (fixture, endpoint) = scene().await;
    discard(&fixture, &endpoint, LEAD, 230).await;
    let times: BTreeSet<Option<u64>> = {
        let key = format!("canceled:{endpoint}");
        let mut times = BTreeSet::new();
        for member in fixture.sorted(&key).await {
            times.insert(fixture.score(&key, &member).await);
        }
        times
    };
    assert!(times.len() < 10, "{times:?}");
    let all = (ReplayStatus::Undelivered, &[][..]);
    assert_eq!(replay(&fixture, &endpoint, all, succeeded).await.len(), 230);
    assert_eq!(undelivered(&fixture, &endpoint).await, 0);
}

#[tokio::test]
async fn what_was_delivered_before_its_turn_came_is_left_out() {
    let (fixture, endpoint) = scene().await;
    let exhausted = finish(&fixture, &endpoint, LEAD, 3, given_up).await;
    discard(&fixture, &endpoint, LEAD, 2).await;
    let span = span(&fixture, &endpoint, ReplayStatus::Undelivered, &[]).await;
    let id = begin(&fixture, &endpoint, &span).await;
    by_hand(&fixture, &exhausted[1]).await;
    all_end(&fixture, &endpoint, succeeded).await;
    let (replay, sources) = run(&fixture, &endpoint, &id, succeeded).await;
    assert_eq!((replay.made, sources.contains(&exhausted[1])), (4, false));
}

#[tokio::test]
async fn what_was_packed_is_found_and_sent_again_alike() {
    let (fixture, endpoint) = scene().await;
    let exhausted = finish(&fixture, &endpoint, LEAD, 20, given_up).await;
    finish(&fixture, &endpoint, MESSAGE, 20, given_up).await;
    finish(&fixture, &endpoint, MESSAGE, 30, succeeded).await;
    finish(&fixture, &endpoint, LEAD, 30, succeeded).await;
    discard(&fixture, &endpoint, MESSAGE, 25).await;
    by_hand(&fixture, &exhausted[3]).await;
    all_end(&fixture, &endpoint, succeeded).await;
    fixture.pass(Duration::from_secs(20)).await;
    pack_oldest_entries(&fixture, &endpoint, 70).await;
    pack_finished(&fixture, Class::Exhausted).await;
    pack_finished(&fixture, Class::Delivered).await;
    fixture.assert_sound().await;

    use ReplayStatus::{Succeeded, Undelivered};
    let made = replay(&fixture, &endpoint, (Succeeded, &[LEAD]), succeeded).await;
    assert_eq!(made.len(), 30);
    assert_eq!(undelivered(&fixture, &endpoint).await, 64);
    let made = replay(&fixture, &endpoint, (Undelivered, &[MESSAGE]), succeeded).await;
    assert_eq!(made.len(), 45);
    let made = replay(&fixture, &endpoint, (Undelivered, &[]), succeeded).await;
    assert_eq!((made.len(), made.contains(&exhausted[3])), (19, false));
    assert_eq!(undelivered(&fixture, &endpoint).await, 0);
}

#[tokio::test]
async fn what_was_canceled_is_remembered_for_as_long_as_its_payload_and_goes_with_its_endpoint() {
    let (fixture, endpoint) = scene().await;
    let key = format!("canceled:{endpoint}");
    discard(&fixture, &endpoint, LEAD, 3).await;
    fixture.pass(Duration::from_secs(86_401)).await;
    discard(&fixture, &endpoint, LEAD, 2).await;
    assert_eq!(fixture.sorted(&key).await.len(), 2);
    let kept_for = fixture.ttl(&key).await;
    assert!((86_000_000..=86_400_000).contains(&kept_for), "{kept_for}");
    // Its payload may go early, while memory is short.
    let event = fixture.sorted(&key).await.remove(0);
    let event = event.split(' ').next().unwrap();
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:evt_{event}")))
        .await;
    let span = span(&fixture, &endpoint, ReplayStatus::Undelivered, &[]).await;
    let id = begin(&fixture, &endpoint, &span).await;
    fixture.pass(Duration::from_millis(60)).await;
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    let replay = fixture.store.get_replay(&account(), &endpoint, &id).await;
    let replay = replay.unwrap().unwrap();
    assert_eq!((replay.made, replay.skipped), (1, 1));

    let removed = fixture.store.remove_endpoint(&account(), &endpoint).await;
    assert!(removed.unwrap());
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let left = fixture
        .keys()
        .await
        .into_iter()
        .filter(|name| name.starts_with("canceled:"));
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_store_that_workers_of_before_use_takes_no_replay_that_they_would_not_understand() {
    let server = RedisServer::start();
    before::make_store(&server);
    let mut fixture = Fixture::on(server).await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    finish(&fixture, &endpoint, LEAD, 2, given_up).await;
    discard(&fixture, &endpoint, LEAD, 2).await;
    let before = fixture.keys().await;
    for (status, events) in [
        (ReplayStatus::Undelivered, &[][..]),
        (ReplayStatus::Exhausted, &[LEAD][..]),
    ] {
        let span = span(&fixture, &endpoint, status, events).await;
        let counted = fixture.store.count_replay(&account(), &endpoint, &span).await;
        assert!(
            matches!(counted, Err(StoreError::UpgradePending(_))),
            "{counted:?}"
        );
        let id = ReplayId::new(Timestamp::now().as_millis());
        let started = fixture
            .store
            .start_replay(&account(), &endpoint, &id, &span, BUDGETS)
            .await;
        assert!(
            matches!(started, Err(StoreError::UpgradePending(_))),
            "{started:?}"
        );
    }
    assert_eq!(fixture.keys().await, before, "nothing was changed");
    assert_eq!(count(&fixture, &endpoint, ReplayStatus::Exhausted, &[]).await, 2);
    assert!(fixture.store.upgrade_schema().await.unwrap().is_some());
    // What was canceled before is not known.
    assert_eq!(undelivered(&fixture, &endpoint).await, 2);
    discard(&fixture, &endpoint, LEAD, 2).await;
    assert_eq!(undelivered(&fixture, &endpoint).await, 4);
}
