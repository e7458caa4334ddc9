//! What an operator sees of a shard: who has work, how much, and how old it is. Plain reads in bounded pipelines, so that the rights of
//! `operator` suffice; nothing is read of single deliveries, so a million that wait cost no more than ten.
//!
//! It is no snapshot: things move while it is read. `check` is exact, and reads everything.

mod ask;

mod roll;

mod endpoints;

mod hours;

mod accounts;

mod totals;

mod memory;

mod books;

mod outlook;

mod observed;

mod time;

use std::collections::BTreeMap;

use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId, ReplayId};

use super::{Store, StoreError};

pub use self::accounts::AccountLoad;
pub use self::books::{Balance, Rates, Reading};
pub use self::endpoints::EndpointLoad;
pub use self::memory::KindMemory;
pub(crate) use self::observed::ObserverTake;
pub use self::outlook::Outlook;
pub use self::totals::{Oldest, Totals};

use self::endpoints::Detail;

/// The most endpoints that are looked at, and the most accounts.
pub const MOST: usize = 100_000;

/// What was seen of a shard, or of several.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// Redis's time.
    pub now: Timestamp,
    /// The endpoints of all accounts that have anything: work, a payload that is kept, or history.
    pub endpoints: BTreeMap<EndpointId, EndpointLoad>,
    /// Those accounts.
    pub accounts: BTreeMap<AccountId, AccountLoad>,
    /// Deliveries that lost three leases and wait to be attempted alone.
    pub quarantined: u64,
    /// Deliveries in flight.
    pub leases: u64,
    /// Those of them whose leases have expired.
    pub expired_leases: u64,
    /// Deliveries that wait in queues which were set aside to be discarded.
    pub sweeping: u64,
    /// Deliveries that come back, since their endpoints are active again, and not all at once.
    pub releasing: u64,
    /// The counters of each shard before all this was looked at, and after.
    pub readings: BTreeMap<u16, [Reading; 2]>,
    /// The counters since the store began.
    pub counters: BTreeMap<String, u64>,
    /// Whether there were more endpoints or accounts than are looked at.
    pub is_cut: bool,
}

impl Store {
    /// Looks at all that has work, and at all accounts that have anything.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut overview = self.look_at_queues().await?;
        let busy = self.endpoints_with_work().await?;
        overview.is_cut = busy.len() >= MOST;
        let mut endpoints = self
            .endpoint_loads(busy.into_iter().collect(), overview.now, Detail::Bytes)
            .await?;
        let mut accounts = self.accounts_with_history(MOST).await?;
        accounts.extend(endpoints.values().filter_map(|load| load.account.clone()));
        overview.is_cut |= accounts.len() >= MOST;
        let (loads, theirs) = self
            .account_loads(accounts.into_iter().take(MOST).collect(), overview.now)
            .await?;
        overview.accounts = loads;
        let rest: Vec<_> = theirs
            .into_iter()
            .filter(|id| !endpoints.contains_key(id))
            .take(MOST.saturating_sub(endpoints.len()))
            .collect();
        endpoints.extend(self.endpoint_loads(rest, overview.now, Detail::Bytes).await?);
        for load in endpoints.values() {
            let account = load.account.as_ref().and_then(|id| overview.accounts.get_mut(id));
            if let Some(account) = account {
                account.add(load);
            }
        }
        overview.endpoints = endpoints;
        let last = self.reading().await?;
        overview.readings.entry(self.shard().number).or_default()[1] = last;
        Ok(overview)
    }
}

impl Store {
    /// What is seen of one account and its endpoints.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn overview_of(&self, account: &AccountId) -> Result<Overview, StoreError> {
        let now = self.overview_time().await?;
        let (accounts, endpoints) = self.account_loads(vec![account.clone()], now).await?;
        let endpoints = self.endpoint_loads(endpoints, now, Detail::Bytes).await?;
        let mut overview = Overview {
            now,
            accounts,
            endpoints,
            ..Overview::default()
        };
        if let Some(of_it) = overview.accounts.get_mut(account) {
            overview.endpoints.values().for_each(|load| of_it.add(load));
        }
        Ok(overview)
    }

    /// What is kept of a replay of many, by name; empty if there is no such replay.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn replay_record(&self, id: &ReplayId) -> Result<BTreeMap<String, String>, StoreError> {
        let mut read = redis::cmd("HGETALL");
        self.query(read.arg(self.keys().key(&format!("replay:{id}"))))
            .await
    }
}

impl Overview {
    /// Adds what was seen of another shard.
    pub fn merge(&mut self, other: Self) {
        self.now = self.now.max(other.now);
        self.endpoints.extend(other.endpoints);
        for (id, load) in other.accounts {
            self.accounts.entry(id).or_default().merge(load);
        }
        self.quarantined += other.quarantined;
        self.leases += other.leases;
        self.expired_leases += other.expired_leases;
        self.sweeping += other.sweeping;
        self.releasing += other.releasing;
        self.readings.extend(other.readings);
        for (name, count) in other.counters {
            *self.counters.entry(name).or_default() += count;
        }
        self.is_cut |= other.is_cut;
    }
}
