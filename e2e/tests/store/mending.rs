//! What an operator does about deliveries that wait: discarding, releasing, canceling them; and what the audit says of it.
//!
//! Proves (guarantees): what an operator discards or cancels ends as canceled
//! Proves (guarantees): what an operator changes is noted in the same step

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::{EndpointState, HoldAction, ParkedAction};
use domain::id::{DeliveryId, EndpointId, ReplayId};
use store::Store;
use store::audit::{AuditEntry, Order};
use store::log::EntryId;
use store::mending::Released;
use store::queue::{Outcome, Receipt, WorkRequest};
use store::replays::{ReplayCount, ReplayOutcome, ReplaySpan, ReplayState, ReplayStatus, StartOutcome};

use crate::fixture::{BUDGETS, Fixture, Worker, account, failed, new_event, refused, succeeded, wants};

impl Fixture {
    /// The store at an operator's order.
    fn ordered(&self) -> Store {
        self.store.ordered_by(&Order::new("ann@host", "the pager rang"))
    }

    async fn work_off(&self) {
        while self.store.upkeep(&self.policy).await.unwrap().more {}
    }

    /// Each note without its time, newest first.
    async fn audit(&self) -> Vec<[String; 3]> {
        let notes = self.store.audit_before(None, 100).await.unwrap();
        let notes = notes.into_iter().map(|(_, entry)| {
            let AuditEntry {
                by,
                why,
                action,
                target,
                account: of,
                result,
                ..
            } = entry;
            assert_eq!((by.as_str(), why.as_str()), ("ann@host", "the pager rang"));
            assert_eq!(of, Some(account().to_string()));
            [action, target, result]
        });
        notes.collect()
    }

    /// Makes a suspect of what was just pushed, the only one that waits.
    async fn make_suspect(&self) -> DeliveryId {
        let mut worker = Worker::new();
        self.push().await;
        for _ in 0..2 {
            let leased = self.fetch(&mut worker, 1).await.remove(0);
            self.report(&mut worker, &leased, Outcome::Crashed).await;
        }
        let leased = self.fetch(&mut worker, 1).await.remove(0);
        self.report(&mut worker, &leased, Outcome::Crashed).await;
        assert_eq!(self.sorted("quarantine").await, [leased.delivery.as_str()]);
        leased.delivery
    }

    /// What a replay of all that was undelivered would take.
    async fn undelivered(&self, id: &EndpointId) -> u64 {
        let span = ReplaySpan {
            status: ReplayStatus::Undelivered,
            events: Vec::new(),
            since: Timestamp::default(),
            until: self.store.time().await.unwrap(),
        };
        let count = self.store.count_replay(&account(), id, &span).await.unwrap();
        let ReplayCount {
            matching,
            is_lower_bound,
        } = count.unwrap();
        assert!(!is_lower_bound);
        matching
    }

    /// How many deliveries the newest line of a log says were canceled.
    async fn logged_canceled(&self, id: &EndpointId) -> u64 {
        let newest = self.store.log_before(id, EntryId::MAX.into(), 1).await.unwrap();
        let fields = &newest.first().expect("there is a line").fields;
        let count = fields.iter().find(|(name, _)| name == "count");
        count.expect("it counts what was canceled").1.parse().unwrap()
    }
}

#[tokio::test]
async fn what_waits_is_discarded_wherever_it_does_and_what_is_in_flight_finishes() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let other = fixture.endpoint(&["lead.captured"]).await;
    let _switched = fixture.switch(&other, false, ParkedAction::Deliver).await;
    fixture.make_suspect().await;
    let mut worker = Worker::new();
    fixture.push_many(100).await;
    // A worker that may take no suspect.
    let request = WorkRequest {
        suspects: 0,
        ..wants(3)
    };
    let leased = fixture.work(&mut worker, request).await.leased;
    fixture.report(&mut worker, &leased[0], failed(Some(3600))).await;
    fixture.report(&mut worker, &leased[1], failed(Some(3600))).await;

    let waiting = 1 + 97 + 2;
    let store = fixture.ordered();
    assert_eq!(
        store.discard_waiting(&account(), &id).await.unwrap(),
        Some(waiting)
    );
    assert_eq!(fixture.logged_canceled(&id).await, waiting);
    fixture.assert_sound().await;
    fixture.work_off().await;
    fixture.assert_sound().await;
    let seen = fixture.get(&id).await;
    assert_eq!(
        (seen.state, seen.queue.total()),
        (EndpointState::Active, 1),
        "what is in flight"
    );
    assert_eq!(fixture.undelivered(&id).await, waiting, "a replay finds them");

    // It goes on with what comes.
    assert_eq!(
        fixture.report(&mut worker, &leased[2], succeeded()).await,
        Receipt::Recorded
    );
    fixture.push().await;
    let leased = fixture.fetch(&mut worker, 10).await;
    assert_eq!(leased.len(), 1);
    fixture.report(&mut worker, &leased[0], succeeded()).await;

    // The same of one that isn't active.
    let parked = fixture.get(&other).await.queue.total();
    assert_eq!(parked, 0, "it was off");
    store
        .hold_endpoint(&id, Some(HoldAction::Pause), "loud")
        .await
        .unwrap();
    fixture.push_many(3).await;
    assert_eq!(store.discard_waiting(&account(), &id).await.unwrap(), Some(3));
    fixture.work_off().await;
    store.hold_endpoint(&id, None, "").await.unwrap();
    assert!(fixture.fetch(&mut worker, 10).await.is_empty());
    assert_eq!(store.discard_waiting(&account(), &id).await.unwrap(), Some(0));
    let unknown = EndpointId::random();
    assert_eq!(store.discard_waiting(&account(), &unknown).await.unwrap(), None);
    fixture.assert_drained().await;
    let done = [
        ["discard", "0 deliveries"],
        ["resume", "done"],
        ["discard", "3 deliveries"],
        ["pause", "done"],
        ["discard", "100 deliveries"],
    ];
    let expected = done.map(|[action, result]| [action, id.as_str(), result].map(str::to_owned));
    assert_eq!(fixture.audit().await, expected);
}

#[tokio::test]
async fn what_is_held_retried_or_in_quarantine_is_released() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let suspect = fixture.make_suspect().await;
    let mut worker = Worker::new();
    fixture.push_many(3).await;
    let request = WorkRequest {
        suspects: 0,
        ..wants(2)
    };
    let leased = fixture.work(&mut worker, request).await.leased;
    fixture.report(&mut worker, &leased[0], failed(Some(3600))).await;
    fixture
        .report(&mut worker, &leased[1], refused(Some(60), Some(5)))
        .await;
    assert!(fixture.fetch(&mut worker, 10).await.is_empty(), "it is held");

    let store = fixture.ordered();
    let released = store.release_waiting(&account(), &id).await.unwrap();
    let Released::Released(true, retries @ 1.., 1) = released else {
        panic!("{released:?}");
    };
    fixture.assert_sound().await;
    let mut done = Vec::new();
    for leased in fixture.fetch(&mut worker, 10).await {
        fixture.report(&mut worker, &leased, succeeded()).await;
        done.push(leased.delivery);
    }
    assert!(!done.is_empty(), "the hold is over");
    fixture.pass(Duration::from_secs(61)).await;
    for _ in 0..8 {
        fixture.work_off().await;
        for leased in fixture.fetch(&mut worker, 10).await {
            fixture.report(&mut worker, &leased, succeeded()).await;
            done.push(leased.delivery);
        }
    }
    assert_eq!(done.len(), 4, "all go now");
    assert!(done.contains(&suspect));
    fixture.assert_drained().await;

    // Whoever isn't active stays so, and is told.
    store
        .hold_endpoint(&id, Some(HoldAction::Pause), "loud")
        .await
        .unwrap();
    let released = store.release_waiting(&account(), &id).await.unwrap();
    assert_eq!(released, Released::Inactive("suspended".to_owned()));
    let released = store
        .release_waiting(&account(), &EndpointId::random())
        .await
        .unwrap();
    assert_eq!(released, Released::EndpointNotFound);
    let noted = fixture.audit().await;
    assert_eq!(noted.len(), 2, "{noted:?}");
    let result = format!("{} deliveries, and its hold ends", retries + 1);
    assert_eq!(noted[1], ["release", id.as_str(), &result].map(str::to_owned));
}

#[tokio::test]
async fn a_delivery_is_canceled_wherever_it_is_and_its_replays_are_not() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let store = fixture.ordered();
    let mut worker = Worker::new();
    let cancel = async |delivery: &DeliveryId| store.cancel_delivery(&account(), delivery).await.unwrap();

    // In flight: its report comes too late.
    fixture.push().await;
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    assert!(cancel(&leased.delivery).await);
    fixture.assert_sound().await;
    assert_eq!(
        fixture.report(&mut worker, &leased, succeeded()).await,
        Receipt::Stale
    );
    assert!(!cancel(&leased.delivery).await, "it has ended");
    assert_eq!(fixture.logged_canceled(&id).await, 1);
    assert_eq!(fixture.undelivered(&id).await, 1);

    // Waiting for its turn, for a retry, in quarantine. Its replay goes on.
    let replay = leased.delivery.replay();
    let made = fixture
        .store
        .replay_delivery(&account(), &leased.delivery, &replay, BUDGETS)
        .await;
    assert_eq!(made.unwrap(), ReplayOutcome::Pending);
    assert!(!cancel(&leased.delivery).await);
    let again = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(again.delivery, replay);
    fixture.report(&mut worker, &again, failed(Some(3600))).await;
    assert!(cancel(&replay).await);
    fixture.assert_sound().await;

    let event = new_event();
    fixture.accept(&event).await;
    assert!(cancel(&DeliveryId::of(&event.id, &id)).await);
    let suspect = fixture.make_suspect().await;
    assert!(cancel(&suspect).await);
    fixture.assert_sound().await;

    // All of an event.
    let second = fixture.endpoint(&["*"]).await;
    let event = new_event();
    fixture.accept(&event).await;
    let _leased = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(store.count_unfinished(&account(), &event.id).await.unwrap(), 2);
    assert_eq!(store.cancel_event(&account(), &event.id).await.unwrap(), 2);
    assert_eq!(store.cancel_event(&account(), &event.id).await.unwrap(), 0);
    assert_eq!(fixture.logged_canceled(&second).await, 1);
    assert!(fixture.fetch(&mut worker, 10).await.is_empty());
    fixture.assert_drained().await;
    let noted = fixture.audit().await;
    assert_eq!(noted.len(), 5, "{noted:?}");
    assert_eq!(
        noted[0],
        ["cancel", event.id.as_str(), "2 deliveries"].map(str::to_owned)
    );
    assert_eq!(
        noted[1],
        ["cancel", suspect.as_str(), "1 deliveries"].map(str::to_owned)
    );
}

/// What its owner orders isn't an operator's.
/// A replay finds what was canceled for as long as workers keep it, however seldom anybody cancels something.
#[tokio::test]
async fn what_was_canceled_is_found_for_as_long_as_it_is_kept() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    for _ in 0..2 {
        fixture.push().await;
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        let canceled = fixture
            .ordered()
            .cancel_delivery(&account(), &leased.delivery)
            .await;
        assert!(canceled.unwrap());
        fixture.pass(Duration::from_secs(61)).await;
    }
    let lasts: i64 = fixture
        .command(redis::cmd("PTTL").arg(format!("wh:{{0}}:canceled:{id}")))
        .await;
    assert!(lasts > 3_600_000, "{lasts} ms");
    assert_eq!(fixture.undelivered(&id).await, 2);
}

#[tokio::test]
async fn the_audit_has_what_operators_order_and_is_bounded() {
    let (fixture, id) = Fixture::with_events(2).await;
    let store = fixture.ordered();
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    for leased in &leased {
        fixture.report(&mut worker, leased, failed(None)).await;
    }
    let span = ReplaySpan {
        status: ReplayStatus::Exhausted,
        events: Vec::new(),
        since: Timestamp::default(),
        until: fixture.store.time().await.unwrap(),
    };
    for (by, number) in [(&fixture.store, 0), (&store, 2)] {
        let replay = ReplayId::new(Timestamp::now().as_millis());
        let started = by.start_replay(&account(), &id, &replay, &span, BUDGETS).await;
        assert!(matches!(started.unwrap(), StartOutcome::Started(_)));
        let canceled = by.cancel_replay(&account(), &id, &replay).await.unwrap().unwrap();
        assert_eq!(canceled.state, ReplayState::Canceled);
        by.pause_account(&account(), Some("loud")).await.unwrap();
        by.pause_account(&account(), None).await.unwrap();
        let noted = fixture.audit().await;
        assert_eq!(noted.len(), 2 * number, "{noted:?}");
    }
    store
        .note_order("move", "to shard 5", account().as_str(), "begins")
        .await
        .unwrap();
    assert_eq!(fixture.audit().await[0], ["move", "to shard 5", "begins"]);

    // About ten thousand: streams are cut in pieces of a hundred.
    let key = "wh:{0}:audit";
    let mut fill = redis::pipe();
    for _ in 0..10_300 {
        fill.cmd("XADD").arg(key).arg("*").arg("by").arg("x").ignore();
    }
    let _: () = fill.query_async(&mut fixture.raw.clone()).await.unwrap();
    store.note_order("check", "all", "", "done").await.unwrap();
    let length: u64 = fixture.command(redis::cmd("XLEN").arg(key)).await;
    assert!((10_000..10_200).contains(&length), "{length}");
    let newest = store.audit_before(None, 1).await.unwrap().remove(0).1;
    assert_eq!((newest.action.as_str(), newest.account), ("check", None));

    // Something else in its place keeps nobody from mending.
    let _: String = fixture.command(redis::cmd("SET").arg(key).arg("else")).await;
    assert_eq!(store.discard_waiting(&account(), &id).await.unwrap(), Some(0));
    assert!(store.audit_before(None, 1).await.unwrap().is_empty());
}
