//! Who has work. Every pending list that has entries belongs to an endpoint that is in a lane, in `timers`, `parked`, waits for a place, or
//! has something in flight (the invariants in ARCHITECTURE.md), so these indexes name them all, also an endpoint at its cap, and no key
//! has to be searched for.

use std::collections::BTreeSet;

use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId};

use super::{MOST, Overview};
use crate::{Store, StoreError};

/// How many members of a sorted set one command reads.
const STEP: usize = 5_000;

/// How many sets one command asks the length of.
const SWEEPS: usize = 1_000;

impl Store {
    /// What the server's clock says.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn overview_time(&self) -> Result<Timestamp, StoreError> {
        let (seconds, micros): (i64, i64) = self.query(&redis::cmd("TIME")).await?;
        Ok(Timestamp::from_millis(seconds * 1000 + micros / 1000).unwrap_or_default())
    }

    /// The counts that stand in one place, and the time.
    pub(super) async fn look_at_queues(&self) -> Result<Overview, StoreError> {
        let key = |name: &str| self.keys().key(name);
        let now = self.overview_time().await?;
        let mut answers = self
            .ask_all(vec![
                redis::cmd("ZCARD").arg(key("quarantine")).take(),
                redis::cmd("ZCARD").arg(key("leases")).take(),
                redis::cmd("ZCOUNT")
                    .arg(key("leases"))
                    .arg("-inf")
                    .arg(now.as_millis())
                    .take(),
                redis::cmd("HGETALL").arg(key("stats")).take(),
                redis::cmd("LRANGE").arg(key("sweeps")).arg(0).arg(SWEEPS).take(),
            ])
            .await?;
        let mut overview = Overview {
            now,
            quarantined: answers.count(),
            leases: answers.count(),
            expired_leases: answers.count(),
            ..Overview::default()
        };
        let stats: std::collections::HashMap<String, String> = answers.take().unwrap_or_default();
        overview.counters = stats
            .into_iter()
            .filter_map(|(name, count)| Some((name, count.parse().ok()?)))
            .collect();
        let jobs: Vec<String> = answers.take().unwrap_or_default();
        let lengths = jobs.iter().filter_map(|job| {
            let mut words = job.split(' ').skip(2);
            let (key, kind) = (words.next()?, words.next()?);
            Some(if kind == "list" {
                redis::cmd("LLEN").arg(key).take()
            } else {
                redis::cmd("ZCARD").arg(key).take()
            })
        });
        let lengths: Vec<_> = lengths.collect();
        let asked = lengths.len();
        let mut answers = self.ask_all(lengths).await?;
        overview.sweeping = (0..asked).map(|_| answers.count()).sum();
        Ok(overview)
    }

    /// Every endpoint of which something is unfinished.
    pub(super) async fn endpoints_with_work(&self) -> Result<BTreeSet<EndpointId>, StoreError> {
        let mut found = BTreeSet::new();
        for name in ["ready", "ready:slow", "timers", "parked"] {
            let members = self.members(name).await?;
            found.extend(members.iter().filter_map(|id| id.parse::<EndpointId>().ok()));
        }
        for place in self.members("waiting").await? {
            let members = self.members(&format!("waiting:{place}")).await?;
            found.extend(members.iter().filter_map(|id| id.parse::<EndpointId>().ok()));
        }
        for name in ["leases", "quarantine"] {
            let members = self.members(name).await?;
            let deliveries = members.iter().filter_map(|id| id.parse::<DeliveryId>().ok());
            found.extend(deliveries.map(|delivery| delivery.endpoint()));
        }
        Ok(found)
    }

    /// Every account of which payloads or blocks of history are kept.
    pub(super) async fn accounts_with_history(&self) -> Result<BTreeSet<AccountId>, StoreError> {
        let mut found = BTreeSet::new();
        for name in ["finished", "history"]
            .iter()
            .flat_map(|kind| ["delivered", "exhausted"].map(|class| format!("{kind}:{class}")))
        {
            let members = self.members(&name).await?;
            found.extend(members.iter().filter_map(|id| id.parse::<AccountId>().ok()));
        }
        Ok(found)
    }

    /// The members of a sorted set, step by step, [`MOST`] at most. Who leaves meanwhile may move others past the place that was read.
    async fn members(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let key = self.keys().key(name);
        let mut found: Vec<String> = Vec::new();
        while found.len() < MOST {
            let mut range = redis::cmd("ZRANGE");
            range.arg(&key).arg(found.len()).arg(found.len() + STEP - 1);
            let step: Vec<String> = self
                .query(&range)
                .await
                .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
            let read = step.len();
            found.extend(step);
            if read < STEP {
                break;
            }
        }
        Ok(found)
    }
}
