//! What one account has.

use std::collections::BTreeMap;

use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};

use super::EndpointLoad;
use super::hours::HOUR_MS;
use crate::{Store, StoreError};

/// How its deliveries ended, as `account:<a>:hours` counts them.
const OUTCOMES: [&str; 3] = ["succeeded", "exhausted", "failedAttempts"];

/// What one account has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountLoad {
    /// Its endpoints.
    pub endpoints: u64,
    /// Deliveries that wait for their turn.
    pub waiting: u64,
    /// Deliveries in flight.
    pub in_flight: u64,
    /// Deliveries that wait for their next attempt.
    pub retrying: u64,
    /// Parked deliveries.
    pub parked: u64,
    /// When the delivery was accepted that waits longest for its turn.
    pub oldest: Option<Timestamp>,
    /// Bytes of its unfinished payloads.
    pub bytes: u64,
    /// Deliveries that succeeded within about an hour.
    pub succeeded: u64,
    /// Deliveries that were exhausted within about an hour.
    pub exhausted: u64,
    /// Attempts that failed within about an hour.
    pub failed: u64,
    /// That an operator pauses all its endpoints, in the words of the store.
    pub hold: Option<String>,
}

impl AccountLoad {
    /// All that its endpoints have to do.
    #[must_use]
    pub const fn backlog(&self) -> u64 {
        self.waiting + self.retrying + self.parked
    }

    pub(super) fn add(&mut self, load: &EndpointLoad) {
        self.endpoints += 1;
        self.waiting += load.waiting;
        self.in_flight += load.in_flight;
        self.retrying += load.retrying;
        self.parked += load.parked;
        self.oldest = [self.oldest, load.oldest()].into_iter().flatten().min();
    }

    /// Adds what the same account has in another shard.
    pub(super) fn merge(&mut self, other: Self) {
        self.endpoints += other.endpoints;
        self.waiting += other.waiting;
        self.in_flight += other.in_flight;
        self.retrying += other.retrying;
        self.parked += other.parked;
        self.oldest = [self.oldest, other.oldest].into_iter().flatten().min();
        self.bytes += other.bytes;
        self.succeeded += other.succeeded;
        self.exhausted += other.exhausted;
        self.failed += other.failed;
        self.hold = self.hold.take().or(other.hold);
    }
}

impl Store {
    /// Looks at these accounts, but for what their endpoints have to do, and names their endpoints.
    pub(super) async fn account_loads(
        &self,
        ids: Vec<AccountId>,
        now: Timestamp,
    ) -> Result<(BTreeMap<AccountId, AccountLoad>, Vec<EndpointId>), StoreError> {
        let (hour, passed) = (now.as_millis() / HOUR_MS, now.as_millis() % HOUR_MS);
        let fields: Vec<String> = [hour, hour.saturating_sub(1)]
            .iter()
            .flat_map(|hour| OUTCOMES.map(|outcome| format!("{hour}:{outcome}")))
            .collect();
        let key = |id: &AccountId, what: &str| self.keys().key(&format!("account:{id}:{what}"));
        let asked = ids.iter().flat_map(|id| {
            [
                redis::cmd("HMGET").arg(key(id, "hours")).arg(&fields).take(),
                redis::cmd("GET").arg(key(id, "bytes")).take(),
                redis::cmd("GET").arg(key(id, "hold")).take(),
                redis::cmd("HKEYS").arg(key(id, "endpoints")).take(),
            ]
        });
        let mut answers = self.ask_all(asked.collect()).await?;
        let (mut loads, mut endpoints) = (BTreeMap::new(), Vec::new());
        for id in ids {
            let counts: Vec<Option<u64>> = answers.take().unwrap_or_default();
            let count = |place: usize| counts.get(place).copied().flatten().unwrap_or(0);
            let within = |place: usize| {
                count(place) + count(place + OUTCOMES.len()).saturating_mul(HOUR_MS - passed) / HOUR_MS
            };
            let load = AccountLoad {
                succeeded: within(0),
                exhausted: within(1),
                failed: within(2),
                bytes: answers.take().flatten().unwrap_or(0),
                hold: answers.take().flatten(),
                ..AccountLoad::default()
            };
            loads.insert(id, load);
            let theirs: Vec<String> = answers.take().unwrap_or_default();
            endpoints.extend(theirs.iter().filter_map(|id| id.parse::<EndpointId>().ok()));
        }
        Ok((loads, endpoints))
    }
}
