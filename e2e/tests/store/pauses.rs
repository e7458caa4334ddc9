//! Endpoints that are paused: by their owner, and by an operator, whose decision stands beside the owner's.
//!
//! Proves (guarantees): a paused endpoint keeps what waits and what comes, and what was in flight counts
//! Proves (guarantees): what an operator holds, an owner sees and can't lift

use std::time::Duration;

use domain::endpoint::{
    DisabledReason, Endpoint, EndpointPatch, EndpointState, HoldAction, ParkedAction, RateLimit, StateChange,
};
use domain::id::EndpointId;
use e2e::before;
use e2e::redis_server::RedisServer;
use store::StoreError;
use store::queue::Receipt;

use crate::fixture::{Fixture, Worker, account, failed, gone, refused, succeeded};

impl Fixture {
    async fn set_state(&self, id: &EndpointId, state: StateChange) -> Endpoint {
        let patch = EndpointPatch {
            state: Some(state),
            ..EndpointPatch::default()
        };
        let changed = self.store.update_endpoint(&account(), id, &patch).await;
        changed.unwrap().expect("the endpoint exists")
    }

    async fn hold(&self, id: &EndpointId, action: Option<HoldAction>) -> Endpoint {
        let held = self.store.hold_endpoint(id, action, "too much").await;
        held.unwrap().expect("the endpoint exists")
    }

    async fn finish_upkeep(&self) {
        while self.store.upkeep(&self.policy).await.unwrap().more {}
    }
}

fn throttle(rate: i64) -> HoldAction {
    HoldAction::Throttle(RateLimit::new(rate).unwrap())
}

#[tokio::test]
async fn a_paused_endpoint_keeps_what_waits_and_what_comes() {
    let (fixture, id) = Fixture::with_events(3).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.report(&mut worker, &leased[0], failed(Some(5))).await;
    let paused = fixture.set_state(&id, StateChange::Paused).await;
    assert_eq!(
        (paused.state, paused.disabled_reason, paused.consecutive_failures),
        (EndpointState::Paused, None, 1)
    );
    let tag = paused.tag;
    fixture.push_many(2).await;
    fixture.pass(Duration::from_secs(8)).await;
    fixture.finish_upkeep().await;
    assert!(fixture.fetch(&mut worker, 10).await.is_empty(), "nothing is sent");
    fixture.assert_sound().await;
    for same in [StateChange::Paused, StateChange::Inactive] {
        let again = fixture.set_state(&id, same).await;
        assert_eq!(
            (again.state, &again.tag),
            (EndpointState::Paused, &tag),
            "{same:?}"
        );
    }

    // What was in flight ends the streak.
    fixture.report(&mut worker, &leased[1], succeeded()).await;
    assert_eq!(fixture.get(&id).await.consecutive_failures, 0);
    assert_eq!(fixture.get(&id).await.state, EndpointState::Paused);

    let active = fixture.set_state(&id, StateChange::Active).await;
    assert_eq!((active.state, active.disabled_at), (EndpointState::Active, None));
    fixture.finish_upkeep().await;
    let mut sent = 0;
    while let Some(leased) = fixture.fetch(&mut worker, 1).await.pop() {
        fixture.report(&mut worker, &leased, succeeded()).await;
        sent += 1;
    }
    assert_eq!(sent, 4, "what waited, the retry, and what came");
    fixture.assert_drained().await;
}

/// Failures of what was in flight strike, and disable; `410` does at once. Switched on by anybody but its owner, it is paused again.
#[tokio::test]
async fn what_was_in_flight_when_it_was_paused_counts() {
    for (outcomes, reason) in [
        (1, DisabledReason::Gone),
        (3, DisabledReason::ConsecutiveFailures),
    ] {
        let (mut fixture, id) = Fixture::with_events(3).await;
        fixture.policy.disable_after = 3;
        let mut worker = Worker::new();
        let leased = fixture.fetch(&mut worker, 3).await;
        fixture.set_state(&id, StateChange::Paused).await;
        let mut last = None;
        for leased in leased.iter().take(outcomes) {
            let outcome = if reason == DisabledReason::Gone {
                gone()
            } else {
                failed(Some(30))
            };
            last = Some(fixture.report(&mut worker, leased, outcome).await);
        }
        assert_eq!(last, Some(Receipt::DisabledEndpoint));
        let disabled = fixture.get(&id).await;
        assert_eq!(
            (disabled.state, disabled.disabled_reason),
            (EndpointState::Disabled, Some(reason))
        );
        fixture.assert_sound().await;
        let since = disabled.disabled_at.unwrap();
        let is_enabled = fixture.store.enable_if_disabled(&id, since).await.unwrap();
        assert_eq!(is_enabled, reason == DisabledReason::ConsecutiveFailures);
        if is_enabled {
            assert_eq!(
                fixture.get(&id).await.state,
                EndpointState::Paused,
                "as its owner left it"
            );
            fixture.assert_sound().await;
        }
        assert!(fixture.fetch(&mut worker, 10).await.is_empty());
        fixture.set_state(&id, StateChange::Active).await;
        assert_eq!(fixture.get(&id).await.state, EndpointState::Active);
        fixture.assert_sound().await;
    }
}

/// What was in flight when it was paused and comes back after it was resumed belongs to before.
#[tokio::test]
async fn a_pause_is_taken_back_discarded_or_followed_by_removal() {
    let (fixture, id) = Fixture::with_events(3).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await;
    fixture.set_state(&id, StateChange::Paused).await;
    fixture.set_state(&id, StateChange::Active).await;
    fixture.report(&mut worker, &leased[0], failed(Some(30))).await;
    assert_eq!(fixture.get(&id).await.consecutive_failures, 0);
    fixture.assert_sound().await;

    fixture.set_state(&id, StateChange::Paused).await;
    fixture.switch(&id, true, ParkedAction::Discard).await;
    fixture.finish_upkeep().await;
    assert!(fixture.fetch(&mut worker, 10).await.is_empty());
    fixture.assert_drained().await;

    fixture.push_many(2).await;
    let leased = fixture.fetch(&mut worker, 1).await;
    fixture.set_state(&id, StateChange::Paused).await;
    assert!(fixture.store.remove_endpoint(&account(), &id).await.unwrap());
    fixture.report(&mut worker, &leased[0], gone()).await;
    fixture.finish_upkeep().await;
    fixture.assert_sound().await;
}

/// From `off` and from `disabled` it is paused as well; off again, it gets nothing new. What is expected to be disabled must be.
#[tokio::test]
async fn every_state_leads_to_every_other() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    fixture.set_state(&id, StateChange::Off).await;
    fixture.push_many(1).await;
    assert_eq!(fixture.get(&id).await.queue.total(), 0);
    let paused = fixture.set_state(&id, StateChange::Paused).await;
    assert_eq!(
        (paused.state, paused.disabled_reason),
        (EndpointState::Paused, None)
    );
    fixture.push_many(1).await;
    assert_eq!(fixture.get(&id).await.queue.total(), 1);
    fixture.assert_sound().await;
    fixture.set_state(&id, StateChange::Active).await;
    let leased = fixture.fetch(&mut worker, 1).await;
    fixture.report(&mut worker, &leased[0], gone()).await;
    assert_eq!(
        fixture.set_state(&id, StateChange::Disabled).await.state,
        EndpointState::Disabled
    );
    let paused = fixture.set_state(&id, StateChange::Paused).await;
    assert_eq!(
        (paused.state, paused.disabled_reason),
        (EndpointState::Paused, None)
    );
    fixture.assert_sound().await;
    let expected = EndpointPatch {
        state: Some(StateChange::Disabled),
        description: Some(Some("not changed".to_owned())),
        ..EndpointPatch::default()
    };
    let outcome = fixture.store.update_endpoint(&account(), &id, &expected).await;
    assert_eq!(outcome.unwrap(), None);
    assert_eq!(fixture.get(&id).await, paused);
    let off = fixture.set_state(&id, StateChange::Off).await;
    assert_eq!(
        (off.state, off.disabled_reason),
        (EndpointState::Off, Some(DisabledReason::Owner))
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn what_an_operator_pauses_stays_so_whatever_its_owner_does() {
    let (fixture, id) = Fixture::with_events(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await;
    let held = fixture.hold(&id, Some(HoldAction::Pause)).await;
    let hold = held.operator_hold.clone().unwrap();
    assert_eq!(
        (hold.action, hold.is_of_account, &*hold.reason),
        (HoldAction::Pause, false, "too much")
    );
    assert_eq!(held.state, EndpointState::Suspended);
    assert_eq!(
        fixture.hold(&id, Some(HoldAction::Pause)).await,
        held,
        "once more"
    );
    fixture.push_many(1).await;
    for change in [
        StateChange::Active,
        StateChange::Paused,
        StateChange::Active,
        StateChange::Off,
        StateChange::Active,
    ] {
        let seen = fixture.set_state(&id, change).await;
        assert_eq!(seen.operator_hold, Some(hold.clone()), "{change:?}");
        fixture.finish_upkeep().await;
        assert!(fixture.fetch(&mut worker, 10).await.is_empty(), "{change:?}");
        fixture.assert_sound().await;
    }
    // What its receiver asks for, and failures, outlive the operator's pause.
    fixture
        .report(&mut worker, &leased[0], refused(Some(600), Some(30)))
        .await;
    fixture.assert_sound().await;
    fixture.push_many(1).await;
    let lifted = fixture.hold(&id, None).await;
    assert_eq!(
        (lifted.state, lifted.operator_hold),
        (EndpointState::Active, None)
    );
    fixture.assert_sound().await;
    fixture.pass(Duration::from_secs(700)).await;
    fixture.finish_upkeep().await;
    let mut sent = 0;
    while let Some(leased) = fixture.fetch(&mut worker, 1).await.pop() {
        fixture.report(&mut worker, &leased, succeeded()).await;
        sent += 1;
    }
    assert_eq!(sent, 4);
    fixture.assert_drained().await;

    fixture.set_state(&id, StateChange::Paused).await;
    fixture.hold(&id, Some(HoldAction::Pause)).await;
    assert_eq!(
        fixture.hold(&id, None).await.state,
        EndpointState::Paused,
        "its owner's pause stays"
    );
}

/// Lifting keeps the streak, which the operator has nothing to do with.
#[tokio::test]
async fn a_streak_goes_on_after_an_operators_pause() {
    let (fixture, id) = Fixture::with_events(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.report(&mut worker, &leased[0], failed(Some(30))).await;
    fixture.hold(&id, Some(HoldAction::Pause)).await;
    fixture.hold(&id, None).await;
    fixture.report(&mut worker, &leased[1], failed(Some(30))).await;
    assert_eq!(fixture.get(&id).await.consecutive_failures, 2);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_throttle_and_the_owners_limit_are_both_kept() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let stored = async || {
        fixture
            .hash(&format!("endpoint:{id}"))
            .await
            .get("rateLimit")
            .cloned()
    };
    let limit = async |rate: Option<i64>| {
        let changed = fixture.set_rate(&id, rate).await;
        changed.rate_limit.map(RateLimit::per_second)
    };
    let held = fixture.hold(&id, Some(throttle(5))).await;
    assert_eq!((held.state, held.rate_limit), (EndpointState::Active, None));
    assert_eq!(held.operator_hold.unwrap().action, throttle(5));
    assert_eq!(stored().await.as_deref(), Some("5"));
    assert_eq!(limit(Some(100)).await, Some(100));
    assert_eq!(stored().await.as_deref(), Some("5"));
    assert_eq!(limit(Some(2)).await, Some(2));
    assert_eq!(stored().await.as_deref(), Some("2"));
    let held = fixture.hold(&id, Some(throttle(1))).await;
    assert_eq!(held.rate_limit.map(RateLimit::per_second), Some(2));
    assert_eq!(stored().await.as_deref(), Some("1"));
    assert_eq!(limit(None).await, None);
    assert_eq!(limit(Some(7)).await, Some(7));
    // A pause takes the throttle's place.
    fixture.hold(&id, Some(HoldAction::Pause)).await;
    assert_eq!(stored().await.as_deref(), Some("7"));
    fixture.hold(&id, None).await;
    assert_eq!(limit(None).await, None);
    assert_eq!(stored().await, None);
    fixture.assert_sound().await;
}

/// More endpoints than one step takes, one of which its owner paused, and one that is made meanwhile.
#[tokio::test]
async fn a_whole_account_is_paused_and_goes_on_as_it_was() {
    let fixture = Fixture::new().await;
    let mut ids = Vec::new();
    for _ in 0..70 {
        ids.push(fixture.endpoint(&["*"]).await);
    }
    fixture.set_state(&ids[0], StateChange::Paused).await;
    fixture.set_state(&ids[1], StateChange::Off).await;
    let hold = fixture
        .store
        .pause_account(&account(), Some("unpaid"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((hold.action, hold.is_of_account), (HoldAction::Pause, true));
    let again = fixture
        .store
        .pause_account(&account(), Some("unpaid"))
        .await
        .unwrap();
    assert_eq!(again.as_ref(), Some(&hold), "once more");
    assert_eq!(
        fixture.store.account_hold(&account()).await.unwrap().as_ref(),
        Some(&hold)
    );
    ids.push(fixture.endpoint(&["*"]).await);
    fixture.push_many(1).await;
    let mut worker = Worker::new();
    fixture.finish_upkeep().await;
    assert!(fixture.fetch(&mut worker, 100).await.is_empty());
    let mut states = Vec::new();
    for endpoint in fixture.store.list_endpoints(&account()).await.unwrap() {
        assert_eq!(endpoint.operator_hold.as_ref(), Some(&hold));
        states.push(endpoint.state);
    }
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == EndpointState::Suspended)
            .count(),
        69
    );
    fixture.assert_sound().await;

    // An endpoint's own hold stays when that of the account ends.
    fixture.hold(&ids[2], Some(HoldAction::Pause)).await;
    assert_eq!(fixture.store.pause_account(&account(), None).await.unwrap(), None);
    let ends = [
        EndpointState::Paused,
        EndpointState::Off,
        EndpointState::Suspended,
        EndpointState::Active,
    ];
    for (id, state) in ids.iter().zip(ends) {
        assert_eq!(fixture.get(id).await.state, state);
    }
    fixture.finish_upkeep().await;
    let mut sent = 0;
    loop {
        let leased = fixture.fetch(&mut worker, 100).await;
        if leased.is_empty() {
            break;
        }
        sent += leased.len();
        for leased in leased {
            fixture.report(&mut worker, &leased, succeeded()).await;
        }
    }
    assert_eq!(sent, 68);
    fixture.assert_sound().await;
}

/// Whoever paused an account died after its first step: upkeep does the rest.
#[tokio::test]
async fn upkeep_goes_on_where_pausing_an_account_was_interrupted() {
    let fixture = Fixture::new().await;
    for _ in 0..70 {
        fixture.endpoint(&["*"]).await;
    }
    let hold = "pause 0 1774539000000 why";
    let mut set = redis::cmd("SET");
    let () = fixture
        .command(set.arg("wh:{0}:account:org:org_1:hold").arg(hold))
        .await;
    let mut add = redis::cmd("ZADD");
    add.arg("wh:{0}:chores").arg(0).arg("suspend org:org_1 ");
    let _: i64 = fixture.command(&add).await;
    fixture.assert_sound().await;
    fixture.finish_upkeep().await;
    for endpoint in fixture.store.list_endpoints(&account()).await.unwrap() {
        assert_eq!(endpoint.state, EndpointState::Suspended);
    }
    assert_eq!(fixture.sorted("chores").await, [""; 0]);
    fixture.assert_sound().await;
}

/// Programs of the release before would take what is paused for something else: until they are gone, nothing is.
#[tokio::test]
async fn nothing_is_paused_in_a_store_of_before() {
    let server = RedisServer::start();
    before::make_store_in(&server, "3");
    let fixture = Fixture::on(server).await;
    let id = fixture.endpoint(&["*"]).await;
    let seen = fixture.get(&id).await;
    let patch = EndpointPatch {
        state: Some(StateChange::Paused),
        description: Some(Some("paused".to_owned())),
        ..EndpointPatch::default()
    };
    let refusals = [
        fixture
            .store
            .update_endpoint(&account(), &id, &patch)
            .await
            .map(drop),
        fixture
            .store
            .hold_endpoint(&id, Some(throttle(1)), "")
            .await
            .map(drop),
        fixture.store.pause_account(&account(), Some("")).await.map(drop),
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Err(StoreError::UpgradePending(_))),
            "{refusal:?}"
        );
    }
    assert_eq!(fixture.get(&id).await, seen);
    fixture.store.upgrade_schema().await.unwrap().unwrap();
    assert_eq!(
        fixture.set_state(&id, StateChange::Paused).await.state,
        EndpointState::Paused
    );
}
