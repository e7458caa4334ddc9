//! The workers as an operator sees them, with plain reads, so that the rights of `operator` suffice: who they are, and which leases each
//! holds. It is no snapshot: leases come and go while it is read.

mod lease;

use std::collections::{BTreeMap, HashMap};

use domain::clock::Timestamp;
use domain::id::EndpointId;

use super::WorkerName;
use crate::{Store, StoreError};

pub use self::lease::Lease;

/// The most workers that are looked at, and the most leases of a shard.
const MOST_WORKERS: usize = 1_000;
const MOST_LEASES: usize = 100_000;

/// How many leases one command reads.
const STEP: usize = 1_000;

/// The workers, and what they hold.
#[derive(Debug, Clone, Default)]
pub struct Workers {
    /// Redis's time.
    pub now: Timestamp,
    /// Those that tell of themselves.
    pub rows: BTreeMap<WorkerName, WorkerRow>,
    /// What is held by who doesn't: a worker that died, whose leases expire, or one of an older release.
    pub unknown: Held,
    /// Whether there were more leases than are looked at.
    pub is_cut: bool,
}

/// A worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerRow {
    /// Its machine.
    pub host: String,
    /// Its release.
    pub version: String,
    /// How many deliveries it may hold.
    pub slots: u64,
    /// What it says that it does: `serving`, `draining` or `stopping`.
    pub state: String,
    /// Since when an operator wants it to take nothing new.
    pub drain_since: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was last heard of.
    pub seen_at: Timestamp,
    /// In how many shards it is known.
    pub shards: u64,
    /// What it holds.
    pub held: Held,
}

/// What a worker holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// How many leases.
    pub leases: u64,
    /// Those of them that have expired.
    pub expired: u64,
    /// How many of each account.
    pub accounts: BTreeMap<String, u64>,
    /// How many of each endpoint.
    pub endpoints: BTreeMap<EndpointId, u64>,
    /// Some of them, those that expire first.
    pub some: Vec<Lease>,
}

impl Held {
    fn add(&mut self, lease: Lease, now: Timestamp) {
        self.leases += 1;
        self.expired += u64::from(lease.until.is_some_and(|until| until < now));
        *self.accounts.entry(lease.account.clone()).or_default() += 1;
        *self.endpoints.entry(lease.delivery.endpoint()).or_default() += 1;
        self.some.push(lease);
    }

    /// Keeps this many of the leases themselves.
    fn keep(&mut self, most: usize) {
        self.some.sort_by_key(|lease| lease.until);
        self.some.truncate(most);
    }

    fn merge(&mut self, other: Self, most: usize) {
        self.leases += other.leases;
        self.expired += other.expired;
        for (account, count) in other.accounts {
            *self.accounts.entry(account).or_default() += count;
        }
        for (endpoint, count) in other.endpoints {
            *self.endpoints.entry(endpoint).or_default() += count;
        }
        self.some.extend(other.some);
        self.keep(most);
    }
}

impl WorkerRow {
    /// As its shard has it; `None` if it is gone.
    fn read(mut fields: HashMap<String, String>, seen_at: Timestamp) -> Option<(String, Self)> {
        let incarnation = fields.remove("incarnation")?;
        let mut text = |name: &str| fields.remove(name).unwrap_or_default();
        let moment = |ms: String| Timestamp::from_millis(ms.parse().ok().filter(|ms| *ms > 0)?);
        let row = Self {
            host: text("host"),
            version: text("version"),
            slots: text("slots").parse().unwrap_or(0),
            state: text("state"),
            drain_since: moment(text("drain")),
            started_at: moment(text("startedAt")),
            seen_at,
            shards: 1,
            held: Held::default(),
        };
        Some((incarnation, row))
    }

    /// Adds what another shard knows of it. What it told last counts.
    fn merge(&mut self, other: Self, most: usize) {
        self.shards += other.shards;
        self.drain_since = [self.drain_since, other.drain_since].into_iter().flatten().min();
        self.started_at = [self.started_at, other.started_at].into_iter().flatten().min();
        if other.seen_at > self.seen_at {
            (self.seen_at, self.state) = (other.seen_at, other.state);
        }
        self.held.merge(other.held, most);
    }
}

impl Workers {
    /// Adds what was seen of another shard; of each worker `most` leases are kept.
    pub fn merge(&mut self, other: Self, most: usize) {
        self.now = self.now.max(other.now);
        self.is_cut |= other.is_cut;
        self.unknown.merge(other.unknown, most);
        for (name, row) in other.rows {
            match self.rows.get_mut(&name) {
                Some(known) => known.merge(row, most),
                None => {
                    self.rows.insert(name, row);
                }
            }
        }
    }
}

impl Store {
    /// The workers that serve this shard, and what each holds of it: `most` leases of each in detail.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn workers(&self, most: usize) -> Result<Workers, StoreError> {
        let now = self.overview_time().await?;
        let mut workers = Workers {
            now,
            ..Workers::default()
        };
        let mut held: HashMap<String, Held> = HashMap::new();
        let (leases, is_cut) = self.leases().await?;
        for (worker, lease) in leases {
            held.entry(worker).or_default().add(lease, now);
        }
        for (name, incarnation, mut row) in self.registered().await? {
            row.held = held.remove(&incarnation).unwrap_or_default();
            row.held.keep(most);
            workers.rows.insert(name, row);
        }
        for rest in held.into_values() {
            workers.unknown.merge(rest, most);
        }
        workers.is_cut = is_cut;
        Ok(workers)
    }

    /// Who tells of itself in this shard, and what its leases call it.
    async fn registered(&self) -> Result<Vec<(WorkerName, String, WorkerRow)>, StoreError> {
        let key = |name: &str| self.keys().key(name);
        let mut range = redis::cmd("ZRANGE");
        range
            .arg(key("workers"))
            .arg(0)
            .arg(MOST_WORKERS)
            .arg("WITHSCORES");
        let members: Vec<(String, f64)> = self
            .query(&range)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for (name, _) in &members {
            pipeline.cmd("HGETALL").arg(key(&format!("workers:{name}")));
        }
        let answers = self.query_each(&pipeline).await?;
        let rows = members
            .into_iter()
            .zip(answers)
            .filter_map(|((name, seen), fields)| {
                let fields = redis::from_redis_value(fields.ok()?).ok()?;
                let (incarnation, row) = WorkerRow::read(fields, time(seen)?)?;
                Some((name.parse().ok()?, incarnation, row))
            });
        Ok(rows.collect())
    }

    /// Each lease once, with who holds it; and whether there are more.
    async fn leases(&self) -> Result<(Vec<(String, Lease)>, bool), StoreError> {
        let (key, mut cursor, mut found) = (self.keys().key("tokens"), 0_u64, HashMap::new());
        loop {
            let mut scan = redis::cmd("HSCAN");
            scan.arg(&key).arg(cursor).arg("COUNT").arg(STEP);
            let step: (u64, Vec<(String, String)>) = self
                .query(&scan)
                .await
                .or_else(|error: StoreError| error.unless_overwritten((0, Vec::new())))?;
            cursor = step.0;
            found.extend(step.1);
            if cursor == 0 || found.len() >= MOST_LEASES {
                break;
            }
        }
        let leases = found
            .iter()
            .filter_map(|(delivery, token)| Lease::read(delivery, token));
        Ok((leases.collect(), cursor != 0))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a score in milliseconds is whole, and far below 2^53"
)]
fn time(score: f64) -> Option<Timestamp> {
    Timestamp::from_millis(score as i64)
}

#[cfg(test)]
mod tests;
