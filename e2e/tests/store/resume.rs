//! Endpoints that resume by themselves: while one is disabled for failures, a parked delivery probes it now and then.
//!
//! Proves (guarantees): an endpoint that resumes by itself is probed after a minute, then after twice as long each time, up to an hour
//! Proves (guarantees): an endpoint that is off is tried again by itself (`autoResume`)

use std::time::Duration;

use domain::endpoint::EndpointState::{Active, Disabled};
use domain::endpoint::ParkedAction::Deliver;
use domain::id::EndpointId;
use store::queue::Leased;

use crate::fixture::{Fixture, Worker, failed, given_back, gone, succeeded};
use crate::parked_scene::{HOUR, fixture, key};

const MINUTE: Duration = Duration::from_secs(60);

impl Fixture {
    /// An endpoint with this setting that was disabled for failures, and as many deliveries that wait for a retry there.
    async fn failing(&self, auto_resume: bool, count: usize) -> EndpointId {
        let id = self.endpoint(&["*"]).await;
        if auto_resume {
            self.set(&id, "autoResume", "1").await;
        }
        let mut worker = Worker::new();
        self.push_many(count).await;
        let leased = self.lease(&mut worker, count).await;
        self.end(&mut worker, &leased, || failed(Some(3600))).await;
        assert_eq!(self.get(&id).await.state, Disabled);
        id
    }

    async fn set(&self, id: &EndpointId, field: &str, value: &str) {
        let mut command = redis::cmd("HSET");
        command.arg(key(&format!("endpoint:{id}"))).arg(field).arg(value);
        let _: i64 = self.command(&command).await;
    }

    /// Lets time pass, and upkeep run; then what a worker gets.
    async fn probe_after(&self, worker: &mut Worker, span: Duration) -> Vec<Leased> {
        self.pass(span).await;
        self.upkeep().await;
        self.lease(worker, 10).await
    }
}

/// A store whose endpoints are disabled by so many failures.
async fn disabling_after(failures: u32) -> Fixture {
    let mut fixture = fixture().await;
    fixture.policy.disable_after = failures;
    fixture.policy.retention_failed = 100 * HOUR;
    fixture.announce().await;
    fixture
}

#[tokio::test]
async fn a_disabled_endpoint_is_probed_ever_more_seldom_and_resumes_with_a_success() {
    let fixture = disabling_after(3).await;
    let id = fixture.failing(true, 3).await;
    let mut worker = Worker::new();
    let before = fixture.store.time().await.unwrap().as_millis();
    let at = fixture.hash(&format!("endpoint:{id}")).await["resumeAt"].parse::<u64>();
    assert!(at.unwrap() <= before + 60_000);
    assert!(
        fixture.probe_after(&mut worker, MINUTE / 2).await.is_empty(),
        "not within the first minute"
    );
    let mut wait = MINUTE / 2;
    let mut oldest = None;
    for minutes in [2, 4, 8, 16, 32, 60, 60] {
        let probes = fixture
            .probe_after(&mut worker, wait + Duration::from_secs(1))
            .await;
        assert_eq!(probes.len(), 1, "one at a time, before {minutes} minutes");
        assert_eq!(probes[0].attempt, 2, "a probe is none of the ten attempts");
        fixture.assert_no_violation().await;
        let delivery = oldest.get_or_insert(probes[0].delivery.clone());
        assert_eq!(probes[0].delivery, *delivery, "the oldest");
        fixture.end(&mut worker, &probes, || failed(None)).await;
        let endpoint = fixture.get(&id).await;
        assert_eq!(
            (endpoint.state, endpoint.consecutive_failures),
            (Disabled, 3),
            "no strike"
        );
        assert_eq!(endpoint.queue.total(), 3, "and it doesn't end its delivery");
        fixture.assert_no_violation().await;
        wait = MINUTE * minutes;
        assert!(
            fixture
                .probe_after(&mut worker, wait - Duration::from_secs(30))
                .await
                .is_empty(),
            "not before {minutes} minutes"
        );
        wait = Duration::from_secs(30);
    }
    let probes = fixture
        .probe_after(&mut worker, wait + Duration::from_secs(1))
        .await;
    fixture.end(&mut worker, &probes, succeeded).await;
    let endpoint = fixture.get(&id).await;
    assert_eq!((endpoint.state, endpoint.consecutive_failures), (Active, 0));
    let hash = fixture.hash(&format!("endpoint:{id}")).await;
    for gone in ["resumeAt", "resumeWait", "probe", "disabledReason", "recovering"] {
        assert!(!hash.contains_key(gone), "{gone}");
    }
    fixture.upkeep().await;
    for _ in 0..2 {
        let leased = fixture.lease(&mut worker, 1).await;
        assert_eq!(leased.len(), 1, "what was parked is released");
        fixture.end(&mut worker, &leased, succeeded).await;
    }
    let log: Vec<Vec<redis::Value>> = fixture
        .command(
            redis::cmd("XREVRANGE")
                .arg(key(&format!("log:{id}")))
                .arg("+")
                .arg("-"),
        )
        .await;
    assert!(format!("{log:?}").contains("auto_resumed"));
    fixture.assert_drained().await;
}

#[tokio::test]
async fn neither_an_endpoint_without_the_setting_nor_one_that_is_gone_or_switched_off_is_probed() {
    let fixture = disabling_after(1).await;
    let plain = fixture.failing(false, 1).await;
    assert_eq!(fixture.count("EXISTS", "chores").await, 0);
    fixture.switch(&plain, false, Deliver).await;

    // Its receiver said that it is gone.
    let fixture = disabling_after(3).await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.set(&id, "autoResume", "1").await;
    fixture.disable().await;
    assert_eq!(fixture.count("EXISTS", "chores").await, 0);

    // It says so to a probe.
    let fixture = disabling_after(1).await;
    let id = fixture.failing(true, 1).await;
    let mut worker = Worker::new();
    let probes = fixture.probe_after(&mut worker, 2 * MINUTE).await;
    fixture.end(&mut worker, &probes, gone).await;
    let hash = fixture.hash(&format!("endpoint:{id}")).await;
    assert_eq!(
        (hash["state"].as_str(), hash["disabledReason"].as_str()),
        ("disabled", "gone")
    );
    assert!(fixture.probe_after(&mut worker, 2 * HOUR).await.is_empty());
    fixture.assert_no_violation().await;

    // Its owner switches it off, then on again while a probe is under way: that counts for nothing.
    let fixture = disabling_after(1).await;
    let id = fixture.failing(true, 1).await;
    let probes = fixture.probe_after(&mut worker, 2 * MINUTE).await;
    fixture.switch(&id, false, Deliver).await;
    fixture.switch(&id, true, Deliver).await;
    fixture.end(&mut worker, &probes, || failed(None)).await;
    let endpoint = fixture.get(&id).await;
    assert_eq!((endpoint.state, endpoint.consecutive_failures), (Active, 0));
    fixture.assert_no_violation().await;
    let leased = fixture.lease(&mut worker, 1).await;
    assert_eq!(leased[0].attempt, 2);
    fixture.end(&mut worker, &leased, succeeded).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_probe_waits_for_something_to_send_and_comes_again_when_its_worker_dies() {
    let fixture = disabling_after(1).await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.set(&id, "autoResume", "1").await;
    fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 1).await;
    fixture.end(&mut worker, &leased, || failed(None)).await;
    assert_eq!(fixture.get(&id).await.state, Disabled);
    assert!(fixture.probe_after(&mut worker, 10 * MINUTE).await.is_empty());

    fixture.push().await;
    let probes = fixture.probe_after(&mut worker, Duration::ZERO).await;
    assert_eq!((probes.len(), probes[0].attempt), (1, 1));
    fixture.assert_no_violation().await;
    for _ in 0..12 {
        assert!(fixture.lease(&mut worker, 10).await.is_empty(), "only one");
        fixture.pass(Duration::from_secs(5)).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
        if fixture.count("EXISTS", "leases").await == 0 {
            break;
        }
    }
    let again = fixture.probe_after(&mut worker, Duration::from_secs(6)).await;
    assert_eq!(again.len(), 1);
    assert_eq!(
        (&again[0].delivery, again[0].attempt),
        (&probes[0].delivery, 1),
        "its first attempt is still to come"
    );
    fixture.end(&mut worker, &again, || given_back(0)).await;
    fixture.assert_no_violation().await;
    let third = fixture.probe_after(&mut worker, Duration::from_secs(6)).await;
    fixture.end(&mut worker, &third, || failed(None)).await;
    fixture.assert_no_violation().await;
    let fourth = fixture.probe_after(&mut worker, 2 * MINUTE).await;
    assert_eq!(fourth[0].attempt, 1);
    fixture.end(&mut worker, &fourth, succeeded).await;
    fixture.assert_drained().await;
}
