//! Switching on, for an operator, what failures have disabled since a moment.

use std::sync::Mutex;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::{DisabledReason, EndpointState, ParkedAction};
use domain::id::EndpointId;
use store::endpoints::EnableReport;
use store::policy::Policy;
use store::queue::Outcome;

use crate::fixture::{Fixture, Worker, failed, gone, succeeded};

/// Failures that disable an endpoint, and deliveries that wait there afterwards.
const FAILURES: u32 = 3;

async fn fixture() -> Fixture {
    let mut fixture = Fixture::new().await;
    fixture.policy = Policy {
        disable_after: FAILURES,
        ..fixture.policy
    };
    fixture.announce().await;
    fixture
}

/// An endpoint that was disabled by this outcome of its attempts.
async fn disabled_by(fixture: &Fixture, outcome: impl Fn() -> Outcome) -> EndpointId {
    let id = fixture.endpoint(&["*"]).await;
    fixture.push_many(FAILURES as usize).await;
    let mut worker = Worker::new();
    for leased in fixture.fetch(&mut worker, 64).await {
        fixture.report(&mut worker, &leased, outcome()).await;
    }
    assert_eq!(fixture.get(&id).await.state, EndpointState::Disabled);
    id
}

async fn enable(fixture: &Fixture, since: Timestamp, dry_run: bool) -> (EnableReport, Vec<EndpointId>) {
    let found = Mutex::new(Vec::new());
    let report = fixture
        .store
        .enable_disabled(
            since,
            dry_run,
            &|endpoint| found.lock().unwrap().push(endpoint.id.clone()),
            &|_| {},
        )
        .await
        .unwrap();
    (report, found.into_inner().unwrap())
}

#[tokio::test]
async fn only_what_failures_disabled_since_then_is_switched_on_and_released() {
    let fixture = fixture().await;
    let early = disabled_by(&fixture, || failed(Some(3600))).await;
    fixture.pass(Duration::from_secs(60)).await;
    let late = disabled_by(&fixture, || failed(Some(3600))).await;
    let gone = disabled_by(&fixture, gone).await;
    let off = fixture.endpoint(&["*"]).await;
    fixture.switch(&off, false, ParkedAction::Deliver).await;
    let since = fixture.get(&late).await.disabled_at.unwrap();

    let expected = EnableReport {
        endpoints: 4,
        enabled: 1,
    };
    let (report, found) = enable(&fixture, since, true).await;
    assert_eq!((report, found), (expected, vec![late.clone()]));
    assert_eq!(
        fixture.get(&late).await.state,
        EndpointState::Disabled,
        "a dry run"
    );

    let (report, found) = enable(&fixture, since, false).await;
    assert_eq!((report, found), (expected, vec![late.clone()]));
    let seen = fixture.get(&late).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures, seen.disabled_reason),
        (EndpointState::Active, 0, None)
    );
    let log: Vec<(String, Vec<String>)> = fixture
        .command(
            redis::cmd("XREVRANGE")
                .arg(format!("wh:{{0}}:log:{late}"))
                .arg("+")
                .arg("-")
                .arg("COUNT")
                .arg(1),
        )
        .await;
    assert_eq!(log[0].1, ["state", "active", "reason", "operator"]);
    for (id, reason) in [
        (&early, DisabledReason::ConsecutiveFailures),
        (&gone, DisabledReason::Gone),
        (&off, DisabledReason::Owner),
    ] {
        assert_eq!(fixture.get(id).await.disabled_reason, Some(reason));
    }
    assert_eq!(fixture.store.check().await.unwrap().violations, []);

    // What is parked there comes at once, one at a time at first.
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let mut worker = Worker::new();
    for expected in [1, 2] {
        let leased = fixture.fetch(&mut worker, 64).await;
        assert_eq!(leased.len(), expected);
        for leased in leased {
            assert_eq!(leased.endpoint.id, late);
            fixture.report(&mut worker, &leased, succeeded()).await;
        }
    }
    let (report, _) = enable(&fixture, since, false).await;
    assert_eq!(report.enabled, 0, "nothing is left to do");
}

#[tokio::test]
async fn what_changed_since_it_was_found_stays_as_it_is() {
    let fixture = fixture().await;
    let id = disabled_by(&fixture, || failed(Some(3600))).await;
    let at = fixture.get(&id).await.disabled_at.unwrap();
    let later = Timestamp::from_millis(i64::try_from(at.as_millis()).unwrap() + 1).unwrap();
    assert!(!fixture.store.enable_if_disabled(&id, later).await.unwrap());
    fixture.switch(&id, false, ParkedAction::Deliver).await;
    assert!(!fixture.store.enable_if_disabled(&id, at).await.unwrap());
    assert_eq!(fixture.get(&id).await.state, EndpointState::Off);
    fixture
        .store
        .remove_endpoint(&crate::fixture::account(), &id)
        .await
        .unwrap();
    assert!(!fixture.store.enable_if_disabled(&id, at).await.unwrap());
    assert_eq!(fixture.store.check().await.unwrap().violations, []);
}
