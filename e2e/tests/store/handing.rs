//! Deliveries of an event that comes alone are handed to a worker that stands by.
//!
//! Proves (guarantees): what a worker was handed and never got

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::ParkedAction;
use domain::event::EventType;
use domain::id::EndpointId;
use store::queue::{Handed, Incarnation, Leased, Receipt, Standby, Woken, WorkReply, WorkRequest};

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, failed, report, succeeded, wants};

/// How long a worker that waits for what it was handed waits here.
const SOON: Duration = Duration::from_millis(20);

/// After this, what is still there goes to somebody else.
const GONE: Duration = Duration::from_millis(1001);

/// A request of a worker that has room, and may be handed something.
fn stands_by(came: u64) -> WorkRequest {
    WorkRequest {
        standby: Standby {
            room: 64,
            most: 4,
            came,
            missed: false,
        },
        ..wants(64)
    }
}

/// A request of a worker whose wait was broken off.
fn missed() -> WorkRequest {
    let mut request = stands_by(0);
    request.standby.missed = true;
    request
}

/// What a worker was handed that waits.
async fn all_handed(fixture: &Fixture, incarnation: &Incarnation) -> Option<Handed> {
    match fixture.store.wait_for_work(incarnation, SOON).await.unwrap() {
        Woken::Handed(handed) => Some(handed),
        Woken::Token | Woken::Nothing => None,
    }
}

/// The one delivery that it was handed.
struct HandedOne {
    leased: Leased,
    after: u64,
    at: Timestamp,
}

async fn handed(fixture: &Fixture, incarnation: &Incarnation) -> Option<HandedOne> {
    let Handed {
        mut leased,
        after,
        at,
    } = all_handed(fixture, incarnation).await?;
    assert_eq!(leased.len(), 1);
    Some(HandedOne {
        leased: leased.remove(0),
        after,
        at,
    })
}

/// A worker that stands by, and an endpoint that gets everything.
async fn standing_by() -> (Fixture, EndpointId, Worker) {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    assert!(fixture.work(&mut worker, stands_by(0)).await.stands_by);
    (fixture, endpoint, worker)
}

/// The same, with an event that is on its way to the worker.
async fn on_its_way() -> (Fixture, EndpointId, Worker) {
    let (fixture, endpoint, worker) = standing_by().await;
    fixture.push().await;
    fixture.assert_sound().await;
    (fixture, endpoint, worker)
}

async fn finish(fixture: &Fixture, worker: &mut Worker, came: u64, leased: &Leased) -> WorkReply {
    let request = WorkRequest {
        reports: vec![report(leased, succeeded())],
        ..stands_by(came)
    };
    let reply = fixture.work(worker, request).await;
    assert_eq!(reply.receipts, [Receipt::Recorded]);
    reply
}

#[tokio::test]
async fn one_that_comes_alone_is_handed_with_all_that_an_attempt_needs() {
    let (fixture, endpoint, mut worker) = standing_by().await;
    for round in 1..4 {
        let event = event_of(EventType::LEAD_CAPTURED, "bot", r#"{"note":"14:a, ü"}"#);
        fixture.accept(&event).await;
        fixture.assert_sound().await;
        let handed = handed(&fixture, &worker.incarnation).await.unwrap();
        let lag = Timestamp::now().as_millis().saturating_sub(handed.at.as_millis());
        assert!(handed.after == round && lag < 60_000, "{lag} {}", handed.after);
        let leased = handed.leased;
        assert_eq!((leased.attempt, leased.event.id.clone()), (1, event.id));
        assert_eq!(leased.event.body, event.payload.as_bytes());
        assert_eq!(leased.event.event, "lead.captured");
        let stored = fixture.get(&endpoint).await;
        assert_eq!(
            (
                &leased.endpoint.id,
                &leased.endpoint.account,
                leased.endpoint.url.as_str()
            ),
            (&endpoint, &account(), stored.url.as_str())
        );
        assert!(leased.endpoint.previous_secret.is_none() && !leased.endpoint.slow);
        let reply = finish(&fixture, &mut worker, handed.after, &leased).await;
        assert!(reply.leased.is_empty() && reply.stands_by);
    }
    fixture.assert_drained().await;
}

#[tokio::test]
async fn it_is_handed_one_until_its_next_call() {
    let (fixture, _, mut worker) = on_its_way().await;
    fixture.push().await;
    let handed_first = handed(&fixture, &worker.incarnation).await.unwrap();
    assert!(handed(&fixture, &worker.incarnation).await.is_none(), "a token");
    let reply = finish(&fixture, &mut worker, handed_first.after, &handed_first.leased).await;
    assert_eq!(reply.leased.len(), 1);
    assert!(reply.stands_by, "more may come");
    fixture.report(&mut worker, &reply.leased[0], succeeded()).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn its_failure_is_one_like_any_other() {
    let (fixture, endpoint, mut worker) = on_its_way().await;
    let handed = handed(&fixture, &worker.incarnation).await.unwrap();
    fixture
        .report(&mut worker, &handed.leased, failed(Some(30)))
        .await;
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 1);
    fixture.pass(Duration::from_secs(31)).await;
    let again = fixture.fetch(&mut worker, 64).await.remove(0);
    assert_eq!(
        (again.delivery.clone(), again.attempt),
        (handed.leased.delivery, 2)
    );
    fixture.report(&mut worker, &again, succeeded()).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn what_it_never_got_is_taken_back_by_itself() {
    // It makes a call before it waits again.
    let (fixture, _, mut worker) = on_its_way().await;
    let reply = fixture.work(&mut worker, stands_by(0)).await;
    assert_eq!(reply.leased.len(), 1, "its own call brings it");
    assert!(handed(&fixture, &worker.incarnation).await.is_none());
    assert_eq!(reply.leased[0].attempt, 1);
    finish(&fixture, &mut worker, 0, &reply.leased[0]).await;
    fixture.assert_drained().await;

    // The answer to its wait is lost.
    fixture.push().await;
    let lost = handed(&fixture, &worker.incarnation).await.unwrap();
    let reply = fixture.work(&mut worker, stands_by(0)).await;
    assert!(reply.leased.is_empty(), "it may still come");
    let reply = fixture.work(&mut worker, missed()).await;
    assert_eq!(reply.leased.len(), 1);
    assert_eq!(
        fixture.report(&mut worker, &lost.leased, succeeded()).await,
        Receipt::Stale
    );
    finish(&fixture, &mut worker, 0, &reply.leased[0]).await;
    fixture.assert_drained().await;
    assert_eq!(
        fixture.hash("wh:{0}:stats").await.get("leasesLost"),
        None,
        "no lease was lost"
    );
}

#[tokio::test]
async fn what_came_is_not_taken_back_however_late_that_is_told() {
    let (fixture, _, mut worker) = on_its_way().await;
    let handed = handed(&fixture, &worker.incarnation).await.unwrap();
    let request = WorkRequest {
        standby: Standby {
            room: 0,
            most: 4,
            came: handed.after,
            missed: true,
        },
        ..wants(64)
    };
    let reply = fixture.work(&mut worker, request).await;
    assert!(reply.leased.is_empty() && !reply.stands_by);
    fixture.pass(GONE).await;
    assert!(fixture.fetch(&mut Worker::new(), 64).await.is_empty());
    finish(&fixture, &mut worker, handed.after, &handed.leased).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn what_a_worker_that_is_gone_was_handed_goes_to_another() {
    let (fixture, _, _gone) = on_its_way().await;
    let mut other = Worker::new();
    assert!(
        fixture.fetch(&mut other, 64).await.is_empty(),
        "it may still come"
    );
    fixture.pass(GONE).await;
    let reply = fixture.work(&mut other, stands_by(0)).await;
    assert_eq!((reply.leased.len(), reply.leased[0].attempt), (1, 1));
    assert!(reply.stands_by, "and the next one is for who is there");
    let reply = finish(&fixture, &mut other, 0, &reply.leased[0]).await;
    assert!(reply.stands_by);
    fixture.push().await;
    assert!(handed(&fixture, &other.incarnation).await.is_some());
}

#[tokio::test]
async fn what_such_a_worker_fetched_waits_for_the_end_of_its_lease() {
    let (fixture, _, gone) = on_its_way().await;
    handed(&fixture, &gone.incarnation).await.unwrap();
    let mut other = Worker::new();
    fixture.pass(GONE).await;
    let reply = fixture.work(&mut other, stands_by(0)).await;
    assert!(
        reply.leased.is_empty() && !reply.stands_by,
        "it may still say that nothing came"
    );
    fixture.pass(fixture.policy.lease()).await;
    assert!(fixture.work(&mut other, stands_by(0)).await.stands_by);
    let reaped = fixture
        .store
        .upkeep_step(&fixture.policy, None, 64)
        .await
        .unwrap()
        .reaped;
    assert_eq!(reaped, 1);
    let again = fixture.fetch(&mut other, 64).await.remove(0);
    finish(&fixture, &mut other, 0, &again).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_worker_says_that_nothing_came_after_others_have_looked() {
    let (fixture, _, mut worker) = on_its_way().await;
    handed(&fixture, &worker.incarnation).await.unwrap();
    fixture.pass(GONE).await;
    assert!(fixture.fetch(&mut Worker::new(), 64).await.is_empty());
    let reply = fixture.work(&mut worker, missed()).await;
    assert_eq!(reply.leased.len(), 1);
    finish(&fixture, &mut worker, 0, &reply.leased[0]).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_worker_gets_no_more_than_it_has_room_for() {
    let (fixture, _, mut worker) = on_its_way().await;
    let first = handed(&fixture, &worker.incarnation).await.unwrap();
    fixture.push().await;
    let one = |came| WorkRequest {
        want: 1,
        ..stands_by(came)
    };
    let reply = fixture.work(&mut worker, one(0)).await;
    assert!(reply.leased.is_empty() && reply.more, "one is on its way");
    let mut request = one(first.after);
    request.standby.room = 1;
    let reply = fixture.work(&mut worker, request).await;
    assert_eq!(reply.leased.len(), 1);
    assert!(!reply.stands_by, "it is full now");
    for leased in [&first.leased, &reply.leased[0]] {
        finish(&fixture, &mut worker, first.after, leased).await;
    }
    fixture.assert_drained().await;
}

#[tokio::test]
async fn its_endpoint_is_removed_meanwhile() {
    let (fixture, endpoint, mut worker) = on_its_way().await;
    fixture
        .store
        .remove_endpoint(&account(), &endpoint)
        .await
        .unwrap();
    let reply = fixture.work(&mut worker, stands_by(0)).await;
    assert!(reply.leased.is_empty());
    fixture.assert_sound().await;
    assert_eq!(fixture.sorted("wh:{0}:leases").await.len(), 0);
}

#[tokio::test]
async fn a_call_that_is_repeated_changes_nothing() {
    let (fixture, _, mut worker) = standing_by().await;
    let request = WorkRequest {
        sequence: worker.sequence,
        ..stands_by(0)
    };
    let repeat = async || {
        fixture
            .store
            .work(&worker.incarnation, &fixture.policy, &request)
            .await
            .unwrap()
    };
    assert!(repeat().await.stands_by);
    fixture.push().await;
    let first = handed(&fixture, &worker.incarnation).await.unwrap();
    assert!(!repeat().await.stands_by, "it was handed one already");
    fixture.assert_sound().await;
    finish(&fixture, &mut worker, first.after, &first.leased).await;
    fixture.assert_drained().await;
}

/// Pushes an event; returns how many of its deliveries the worker was handed. Nothing is left then.
async fn number_handed(fixture: &Fixture, worker: &mut Worker, event: &store::events::NewEvent) -> usize {
    fixture.accept(event).await;
    fixture.assert_sound().await;
    let handed = all_handed(fixture, &worker.incarnation).await;
    let came = handed.as_ref().map_or(0, |handed| handed.after);
    let mut all = handed.map_or_else(Vec::new, |handed| handed.leased);
    let number = all.len();
    loop {
        let reports = all.iter().map(|leased| report(leased, succeeded())).collect();
        let request = WorkRequest {
            reports,
            ..stands_by(came)
        };
        all = fixture.work(worker, request).await.leased;
        if all.is_empty() {
            return number;
        }
    }
}

async fn is_handed(fixture: &Fixture, worker: &mut Worker, event: &store::events::NewEvent) -> bool {
    number_handed(fixture, worker, event).await > 0
}

#[tokio::test]
async fn what_has_to_wait_or_might_hang_goes_the_way_of_all_others() {
    let (fixture, endpoint, mut worker) = standing_by().await;
    let event = || event_of(EventType::LEAD_CAPTURED, "bot", r#"{"a":1}"#);
    let key = format!("wh:{{0}}:endpoint:{endpoint}");
    let set = async |field: &str, value: &str| {
        let _: i64 = fixture
            .command(redis::cmd("HSET").arg(&key).arg(field).arg(value))
            .await;
    };
    assert!(is_handed(&fixture, &mut worker, &event()).await);

    set("slow", "1").await;
    assert!(!is_handed(&fixture, &mut worker, &event()).await, "slow");
    set("slow", "0").await;
    fixture.set_limit(&endpoint, 1).await;
    assert!(
        !is_handed(&fixture, &mut worker, &event()).await,
        "has yet to show that it answers"
    );
    fixture.end_slow_start(&endpoint).await;

    fixture.set_rate(&endpoint, Some(600)).await;
    assert!(!is_handed(&fixture, &mut worker, &event()).await, "a rate");
    fixture.set_rate(&endpoint, None).await;

    let large = event_of(
        EventType::LEAD_CAPTURED,
        "bot",
        &format!(r#"{{"a":"{}"}}"#, "a".repeat(16_384)),
    );
    assert!(!is_handed(&fixture, &mut worker, &large).await, "large");
    assert!(is_handed(&fixture, &mut worker, &event()).await);

    let second = fixture.endpoint(&["*"]).await;
    fixture.set_limit(&second, 1).await;
    assert_eq!(
        number_handed(&fixture, &mut worker, &event()).await,
        1,
        "the second has yet to show that it answers"
    );
    fixture.end_slow_start(&second).await;
    assert_eq!(number_handed(&fixture, &mut worker, &event()).await, 2);
    let others = [
        fixture.endpoint(&["*"]).await,
        fixture.endpoint(&["*"]).await,
        fixture.endpoint(&["*"]).await,
    ];
    assert!(
        !is_handed(&fixture, &mut worker, &event()).await,
        "five deliveries"
    );
    for other in others {
        fixture.switch(&other, false, ParkedAction::Deliver).await;
    }
    fixture.switch(&second, false, ParkedAction::Deliver).await;
    fixture.accept_all(&[event(), event()], BUDGETS).await;
    assert!(
        handed(&fixture, &worker.incarnation).await.is_none(),
        "two events"
    );
}

#[tokio::test]
async fn nobody_who_waits_is_passed_by() {
    let (fixture, endpoint, mut worker) = standing_by().await;
    let mut busy = Worker::new();
    fixture.set_limit(&endpoint, 2).await;
    fixture.push_many(3).await;
    let first = handed(&fixture, &worker.incarnation).await;
    assert!(first.is_none(), "they came together");
    assert_eq!(fixture.fetch(&mut busy, 64).await.len(), 2);
    assert!(fixture.work(&mut worker, stands_by(0)).await.stands_by);
    fixture.push().await;
    assert!(
        handed(&fixture, &worker.incarnation).await.is_none(),
        "it is at its limit"
    );
    fixture.set_limit(&endpoint, 32).await;
    fixture.push().await;
    assert!(
        handed(&fixture, &worker.incarnation).await.is_none(),
        "others wait for it"
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn only_who_stands_by_is_handed_something() {
    let (fixture, _, mut worker) = standing_by().await;
    let no_longer = fixture.work(&mut worker, wants(0)).await;
    assert!(!no_longer.stands_by);
    fixture.push().await;
    assert!(handed(&fixture, &worker.incarnation).await.is_none());

    // Of several it is the last one that called.
    let mut second = Worker::new();
    let leased = fixture.work(&mut worker, stands_by(0)).await.leased.remove(0);
    finish(&fixture, &mut worker, 0, &leased).await;
    assert!(fixture.work(&mut second, stands_by(0)).await.stands_by);
    fixture.push().await;
    let handed_second = handed(&fixture, &second.incarnation).await.unwrap();
    assert!(
        !fixture.work(&mut worker, stands_by(0)).await.stands_by,
        "what the second one was handed isn't known to have come"
    );
    finish(&fixture, &mut second, handed_second.after, &handed_second.leased).await;
    fixture.assert_drained().await;
}

/// A worker that stands by, may be handed so many, and has so much room; and three endpoints that get everything.
async fn three_endpoints(room: u32, most: u32) -> (Fixture, Worker) {
    three_endpoints_of(Fixture::new().await, room, most).await
}

async fn three_endpoints_of(fixture: Fixture, room: u32, most: u32) -> (Fixture, Worker) {
    for _ in 0..3 {
        fixture.endpoint(&["*"]).await;
    }
    let mut worker = Worker::new();
    let mut request = stands_by(0);
    (request.standby.room, request.standby.most) = (room, most);
    assert!(fixture.work(&mut worker, request).await.stands_by);
    fixture.push().await;
    fixture.assert_sound().await;
    (fixture, worker)
}

/// Reports what came after a call, and what it fetches then, which is so much.
async fn finish_all(fixture: &Fixture, worker: &mut Worker, came: u64, leased: &[Leased], others: usize) {
    let reports = |all: &[Leased]| all.iter().map(|leased| report(leased, succeeded())).collect();
    let request = WorkRequest {
        reports: reports(leased),
        ..stands_by(came)
    };
    let reply = fixture.work(worker, request).await;
    assert_eq!(reply.receipts, vec![Receipt::Recorded; leased.len()]);
    assert_eq!(reply.leased.len(), others);
    let request = WorkRequest {
        reports: reports(&reply.leased),
        ..stands_by(came)
    };
    fixture.work(worker, request).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn all_of_an_event_are_handed_together() {
    let (fixture, mut worker) = three_endpoints(64, 4).await;
    let all = all_handed(&fixture, &worker.incarnation).await.unwrap();
    assert!(
        all_handed(&fixture, &worker.incarnation).await.is_none(),
        "nor does a token come"
    );
    let endpoints: std::collections::HashSet<_> = all
        .leased
        .iter()
        .map(|leased| leased.endpoint.id.clone())
        .collect();
    assert_eq!((all.leased.len(), endpoints.len()), (3, 3));
    finish_all(&fixture, &mut worker, all.after, &all.leased, 0).await;
}

#[tokio::test]
async fn no_more_are_handed_than_there_is_room_for() {
    for (room, most) in [(2, 4), (64, 2)] {
        let (fixture, mut worker) = three_endpoints(room, most).await;
        let two = all_handed(&fixture, &worker.incarnation).await.unwrap();
        assert_eq!(two.leased.len(), 2, "{room} {most}");
        assert!(
            all_handed(&fixture, &worker.incarnation).await.is_none(),
            "a token tells of the third"
        );
        finish_all(&fixture, &mut worker, two.after, &two.leased, 1).await;
    }
}

#[tokio::test]
async fn all_that_it_never_got_are_taken_back() {
    // They lie there.
    let (fixture, mut worker) = three_endpoints(64, 4).await;
    let reply = fixture.work(&mut worker, stands_by(0)).await;
    assert_eq!(reply.leased.len(), 3);
    assert!(all_handed(&fixture, &worker.incarnation).await.is_none());
    finish_all(&fixture, &mut worker, 0, &reply.leased, 0).await;

    // The answer is lost, and one of them was reported by somebody who had it all the same.
    let (fixture, mut worker) = three_endpoints(64, 4).await;
    let lost = all_handed(&fixture, &worker.incarnation).await.unwrap();
    let reply = fixture
        .work(
            &mut worker,
            WorkRequest {
                want: 2,
                ..stands_by(0)
            },
        )
        .await;
    assert!(reply.leased.is_empty(), "they may still come, and take its room");
    fixture.report(&mut worker, &lost.leased[0], succeeded()).await;
    let reply = fixture.work(&mut worker, missed()).await;
    assert_eq!(reply.leased.len(), 2);
    fixture.assert_sound().await;
    let late = fixture.report(&mut worker, &lost.leased[1], succeeded()).await;
    assert_eq!(late, Receipt::Stale);
    finish_all(&fixture, &mut worker, 0, &reply.leased, 0).await;
}

#[tokio::test]
async fn one_of_their_endpoints_is_removed_meanwhile() {
    let (fixture, endpoint, mut worker) = standing_by().await;
    fixture.endpoint(&["*"]).await;
    fixture.push().await;
    fixture
        .store
        .remove_endpoint(&account(), &endpoint)
        .await
        .unwrap();
    let reply = fixture.work(&mut worker, stands_by(0)).await;
    assert_eq!(reply.leased.len(), 1);
    finish(&fixture, &mut worker, 0, &reply.leased[0]).await;
    assert_eq!(fixture.sorted("wh:{0}:leases").await.len(), 0);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn those_at_one_destination_have_its_places_together() {
    let mut fixture = Fixture::new().await;
    fixture.policy.destination_concurrency = 2;
    let (fixture, mut worker) = three_endpoints_of(fixture, 64, 4).await;
    let two = all_handed(&fixture, &worker.incarnation).await.unwrap();
    assert_eq!(two.leased.len(), 2);
    finish_all(&fixture, &mut worker, two.after, &two.leased, 1).await;
}
