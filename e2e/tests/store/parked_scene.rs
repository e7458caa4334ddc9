//! A store whose deliveries are easy to park.

use std::collections::HashMap;
use std::time::Duration;

use domain::id::{DeliveryId, EndpointId};
use store::policy::Policy;
use store::queue::{Leased, Outcome, WorkRequest};

use crate::fixture::{Fixture, Worker, failed, gone, report, wants};

pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// A server whose workers keep what failed for an hour, and whose endpoints aren't disabled by failures.
pub(super) async fn fixture() -> Fixture {
    let mut fixture = Fixture::new().await;
    fixture.policy = Policy {
        retention_failed: HOUR,
        disable_after: 1_000_000,
        endpoint_concurrency: 100_000,
        ..fixture.policy
    };
    fixture.announce().await;
    fixture
}

pub(super) fn key(name: &str) -> String {
    format!("wh:{{0}}:{name}")
}

impl Fixture {
    pub(super) async fn upkeep(&self) {
        for _ in 0..2000 {
            let done = self.store.upkeep(&self.policy).await.unwrap();
            assert!(done.swept <= 200, "{done:?}");
            if !done.more {
                return;
            }
        }
        panic!("upkeep never ends");
    }

    pub(super) async fn count(&self, command: &str, name: &str) -> u64 {
        self.command(redis::cmd(command).arg(key(name))).await
    }

    /// How many wait at an endpoint: in its list, and for a retry.
    pub(super) async fn waiting(&self, id: &EndpointId) -> (u64, u64) {
        (
            self.count("LLEN", &format!("pending:{id}")).await,
            self.count("ZCARD", &format!("retry:{id}")).await,
        )
    }

    /// Leases up to `count`, as a worker that has room for all.
    pub(super) async fn lease(&self, worker: &mut Worker, count: usize) -> Vec<Leased> {
        let mut leased = Vec::new();
        while leased.len() < count {
            let want = u32::try_from((count - leased.len()).min(64)).unwrap();
            let request = WorkRequest {
                free: 1_000_000,
                ..wants(want)
            };
            let some = self.work(worker, request).await.leased;
            if some.is_empty() {
                break;
            }
            leased.extend(some);
        }
        leased
    }

    pub(super) async fn end(&self, worker: &mut Worker, leased: &[Leased], outcome: impl Fn() -> Outcome) {
        for some in leased.chunks(64) {
            let reports = some.iter().map(|leased| report(leased, outcome())).collect();
            self.work(worker, WorkRequest { reports, ..wants(0) }).await;
        }
    }

    /// Makes `count` deliveries that wait for a retry in an hour.
    pub(super) async fn retries(&self, count: usize) -> Vec<DeliveryId> {
        self.push_many(count).await;
        let mut worker = Worker::new();
        let leased = self.lease(&mut worker, count).await;
        assert_eq!(leased.len(), count);
        self.end(&mut worker, &leased, || failed(Some(3600))).await;
        leased.into_iter().map(|leased| leased.delivery).collect()
    }

    /// Disables an endpoint by an answer of 410.
    pub(super) async fn disable(&self) {
        self.push().await;
        let mut worker = Worker::new();
        let leased = self.lease(&mut worker, 1).await;
        self.end(&mut worker, &leased, gone).await;
    }

    pub(super) async fn reasons(&self, id: &EndpointId) -> Vec<String> {
        let mut reasons = vec![];
        for delivery in self.sorted(&format!("failed:{id}")).await {
            reasons.push(self.hash(&format!("delivery:{delivery}")).await["reason"].clone());
        }
        reasons
    }

    /// How many the log says were canceled.
    pub(super) async fn canceled_in_log(&self, id: &EndpointId) -> u64 {
        let entries: Vec<(String, HashMap<String, String>)> = self
            .command(
                redis::cmd("XRANGE")
                    .arg(key(&format!("log:{id}")))
                    .arg("-")
                    .arg("+"),
            )
            .await;
        let counts = entries
            .iter()
            .filter_map(|(_, fields)| fields.get("count")?.parse::<u64>().ok());
        counts.sum()
    }

    pub(super) async fn assert_no_violation(&self) {
        assert_eq!(self.store.check().await.unwrap().violations, []);
    }
}
