//! Which logs are read, and which of them now.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::id::{AccountId, DeliveryId, EndpointId};

use super::LiveScope;
use super::branch::Branch;
use crate::log::EntryId;
use crate::overview::MOST;
use crate::{Store, StoreError};

/// The most endpoints of a shard whose logs are read.
const MOST_FOLLOWED: usize = 20_000;

/// How many logs one look reads: of those that had something lately, and of the others.
const WARM_AT_ONCE: usize = 500;
const COLD_AT_ONCE: usize = 250;

/// How many endpoints that have something to send, or in flight, one look asks for.
const BUSY_AT_ONCE: usize = 200;

/// How often one looks which endpoints there are: the more they are, the longer that takes, and the less often.
const LIST_EVERY: Duration = Duration::from_secs(2);
const LONGER_FOR_EACH: Duration = Duration::from_millis(1);

/// Which logs are read.
#[derive(Debug)]
pub(super) struct Who {
    scope: LiveScope,
    pub(super) branches: BTreeMap<EndpointId, Branch>,
    /// How many endpoints aren't among them, since there are too many.
    pub(super) unfollowed: usize,
    /// Where every log begins to be read, whenever its endpoint comes up: nothing since then is left out.
    start: EntryId,
    listed_at: Option<Instant>,
    /// The last ones that had their turn, of those that had something lately, and of the others.
    turns: [Option<EndpointId>; 2],
}

impl Who {
    pub(super) const fn new(scope: LiveScope, start: EntryId) -> Self {
        Self {
            scope,
            branches: BTreeMap::new(),
            unfollowed: 0,
            start,
            listed_at: None,
            turns: [None, None],
        }
    }

    /// Looks which endpoints there are, unless that is not long ago.
    pub(super) async fn refresh(&mut self, store: &Store) -> Result<(), StoreError> {
        let known = u32::try_from(self.branches.len()).unwrap_or(u32::MAX);
        let every = LIST_EVERY + LONGER_FOR_EACH * known;
        if self.listed_at.is_some_and(|at| at.elapsed() < every) {
            return Ok(());
        }
        let (found, left) = match &self.scope {
            LiveScope::Endpoint(account, id) => (vec![(account.clone(), id.clone())], 0),
            LiveScope::Account(account) => (store.endpoints_of(vec![account.clone()]).await?, 0),
            LiveScope::All => self.everyone(store).await?,
        };
        let there: BTreeSet<_> = found.iter().map(|(_, id)| id).collect();
        self.branches.retain(|id, _| there.contains(id));
        self.unfollowed = left;
        for (account, id) in found {
            if !self.branches.contains_key(&id) && self.branches.len() >= MOST_FOLLOWED {
                self.unfollowed += 1;
                continue;
            }
            let start = self.start;
            let branch = self
                .branches
                .entry(id)
                .or_insert_with(|| Branch::new(None, start));
            branch.account = Some(account);
        }
        self.listed_at = Some(Instant::now());
        Ok(())
    }

    /// The endpoints of accounts with history, those that have work, since one that has only failed yet has no history, and those that are
    /// followed, as far as they are there. And how many with work were left out, since there are too many.
    async fn everyone(&self, store: &Store) -> Result<(Vec<(AccountId, EndpointId)>, usize), StoreError> {
        let accounts = store.accounts_with_history(MOST).await?;
        let mut found = store.endpoints_of(accounts.into_iter().collect()).await?;
        let busy = store.endpoints_with_work().await?;
        let listed: BTreeSet<_> = found.iter().map(|(_, id)| id).collect();
        let is_new = |id: &&EndpointId| !listed.contains(id);
        let followed = self.branches.keys().filter(is_new);
        let busy = busy.iter().filter(is_new);
        let mut busy = busy.filter(|id| !self.branches.contains_key(id));
        let others: Vec<_> = followed
            .chain(busy.by_ref().take(MOST_FOLLOWED))
            .cloned()
            .collect();
        let left = busy.count();
        let accounts = store.accounts_of(&others).await?;
        let there = others.into_iter().zip(accounts);
        found.extend(there.filter_map(|(id, account)| Some((account?, id))));
        Ok((found, left))
    }

    /// Whose logs are read now.
    pub(super) async fn choose(&mut self, store: &Store) -> Result<Vec<EndpointId>, StoreError> {
        if self.scope == LiveScope::All {
            for id in store.busy_endpoints().await? {
                if let Some(branch) = self.branches.get_mut(&id) {
                    branch.warm_up();
                    continue;
                }
                if self.branches.len() >= MOST_FOLLOWED {
                    continue;
                }
                // One that is gone would begin anew each time that it is dropped.
                let Some(account) = store.account_of(&id).await? else {
                    continue;
                };
                let mut branch = Branch::new(Some(account), self.start);
                branch.warm_up();
                self.branches.insert(id, branch);
            }
        }
        let [warm, cold] = &mut self.turns;
        let mut chosen = next(&self.branches, warm, WARM_AT_ONCE, |branch| branch.warm > 0);
        chosen.extend(next(&self.branches, cold, COLD_AT_ONCE, |branch| {
            branch.warm == 0
        }));
        Ok(chosen)
    }
}

/// The next ones of these, behind whoever had the last turn.
fn next(
    branches: &BTreeMap<EndpointId, Branch>,
    turn: &mut Option<EndpointId>,
    most: usize,
    is_meant: impl Fn(&Branch) -> bool,
) -> Vec<EndpointId> {
    let meant = || {
        branches
            .iter()
            .filter(|(_, branch)| is_meant(branch))
            .map(|(id, _)| id)
    };
    let is_behind = |id: &&EndpointId| turn.as_ref().is_none_or(|last| *id > last);
    let behind = meant().filter(is_behind);
    let before = meant().filter(|id| !is_behind(id));
    let chosen: Vec<_> = behind.chain(before).take(most).cloned().collect();
    *turn = chosen.last().cloned();
    chosen
}

impl Store {
    /// The endpoints of these accounts.
    async fn endpoints_of(
        &self,
        accounts: Vec<AccountId>,
    ) -> Result<Vec<(AccountId, EndpointId)>, StoreError> {
        let asked = accounts.iter().map(|account| {
            let key = self.keys().key(&format!("account:{account}:endpoints"));
            redis::cmd("HKEYS").arg(key).take()
        });
        let mut answers = self.ask_all(asked.collect()).await?;
        let mut found = Vec::new();
        for account in accounts {
            let ids: Vec<String> = answers.take().unwrap_or_default();
            let ids = ids.iter().filter_map(|id| id.parse().ok());
            found.extend(ids.map(|id| (account.clone(), id)));
        }
        Ok(found)
    }

    /// Some of those that have something to send, and of those that have something in flight.
    async fn busy_endpoints(&self) -> Result<Vec<EndpointId>, StoreError> {
        let last = BUSY_AT_ONCE - 1;
        let key = |name: &str| self.keys().key(name);
        let asked = vec![
            redis::cmd("ZRANGE").arg(key("ready")).arg(0).arg(last).take(),
            redis::cmd("ZRANGE")
                .arg(key("ready:slow"))
                .arg(0)
                .arg(last)
                .take(),
            // Those that were leased last.
            redis::cmd("ZREVRANGE").arg(key("leases")).arg(0).arg(last).take(),
        ];
        let mut answers = self.ask_all(asked).await?;
        let mut found = Vec::new();
        for _ in 0..2 {
            let ids: Vec<String> = answers.take().unwrap_or_default();
            found.extend(ids.iter().filter_map(|id| id.parse::<EndpointId>().ok()));
        }
        let leases: Vec<String> = answers.take().unwrap_or_default();
        let deliveries = leases.iter().filter_map(|id| id.parse::<DeliveryId>().ok());
        found.extend(deliveries.map(|delivery| delivery.endpoint()));
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}
