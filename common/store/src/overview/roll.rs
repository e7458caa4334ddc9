//! Who has work. Every pending list that has entries belongs to an endpoint that is in a lane, in `timers`, `parked`, waits for a place, or
//! has something in flight (the invariants in ARCHITECTURE.md), so these indexes name them all, also an endpoint at its cap, and no key
//! has to be searched for.

use std::collections::BTreeSet;

use domain::id::{AccountId, DeliveryId, EndpointId};
use redis::Cmd;

use super::{MOST, Overview};
use crate::{Store, StoreError};

/// How many members of a sorted set one command reads.
const STEP: usize = 5_000;

/// The most queues that were set aside whose lengths are asked, of each kind.
const SWEEPS: usize = 1_000;

impl Store {
    /// The counts that stand in one place, and the time.
    pub(super) async fn look_at_queues(&self) -> Result<Overview, StoreError> {
        let key = |name: &str| self.keys().key(name);
        let reading = self.reading().await?;
        let mut answers = self
            .ask_all(vec![
                redis::cmd("ZCARD").arg(key("quarantine")).take(),
                redis::cmd("ZCOUNT")
                    .arg(key("leases"))
                    .arg("-inf")
                    .arg(reading.at.as_millis())
                    .take(),
                redis::cmd("LRANGE").arg(key("sweeps")).arg(0).arg(SWEEPS).take(),
                redis::cmd("ZRANGE").arg(key("chores")).arg(0).arg(SWEEPS).take(),
            ])
            .await?;
        let mut overview = Overview {
            now: reading.at,
            quarantined: answers.count(),
            leases: reading.in_flight,
            expired_leases: answers.count(),
            counters: reading.all().collect(),
            ..Overview::default()
        };
        let (sweeps, chores): (Vec<String>, Vec<String>) = (
            answers.take().unwrap_or_default(),
            answers.take().unwrap_or_default(),
        );
        let lengths = sweeps.iter().filter_map(|job| {
            let mut words = job.split(' ');
            // What is forgotten or dropped had ended before.
            let (what, _, queue, kind) = (words.next()?, words.next()?, words.next()?, words.next()?);
            (what == "cancel" || what == "release").then(|| length(kind, queue))
        });
        overview.sweeping = self.added_up(lengths.collect()).await?;
        let lengths = chores.iter().filter_map(|chore| {
            let operation = chore.strip_prefix("release ")?.split(' ').nth(1)?;
            let queue = |name: &str| key(&format!("sweep:{operation}:{name}"));
            Some([length("list", &queue("pending")), length("zset", &queue("retry"))])
        });
        overview.releasing = self.added_up(lengths.flatten().collect()).await?;
        let first = reading.clone();
        overview.readings.insert(self.shard().number, [first, reading]);
        Ok(overview)
    }

    /// The sum of these answers.
    async fn added_up(&self, commands: Vec<Cmd>) -> Result<u64, StoreError> {
        let asked = commands.len();
        let mut answers = self.ask_all(commands).await?;
        Ok((0..asked).map(|_| answers.count()).sum())
    }

    /// Every endpoint of which something is unfinished.
    pub(crate) async fn endpoints_with_work(&self) -> Result<BTreeSet<EndpointId>, StoreError> {
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

    /// The accounts of which payloads or blocks of history are kept, so many of each kind at most.
    pub(crate) async fn accounts_with_history(&self, most: usize) -> Result<BTreeSet<AccountId>, StoreError> {
        let mut found = BTreeSet::new();
        for name in ["finished", "history"]
            .iter()
            .flat_map(|kind| ["delivered", "exhausted"].map(|class| format!("{kind}:{class}")))
        {
            let members = self.first_members(&name, most).await?;
            found.extend(members.iter().filter_map(|id| id.parse::<AccountId>().ok()));
        }
        Ok(found)
    }

    /// The members of a sorted set, [`MOST`] at most.
    async fn members(&self, name: &str) -> Result<Vec<String>, StoreError> {
        self.first_members(name, MOST).await
    }

    /// The first members of a sorted set, step by step. Who leaves meanwhile may move others past the place that was read.
    pub(crate) async fn first_members(&self, name: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let key = self.keys().key(name);
        let mut found: Vec<String> = Vec::new();
        while found.len() < most {
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

/// How long a queue is.
fn length(kind: &str, key: &str) -> Cmd {
    if kind == "list" {
        redis::cmd("LLEN").arg(key).take()
    } else {
        redis::cmd("ZCARD").arg(key).take()
    }
}
