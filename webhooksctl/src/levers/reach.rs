//! How far a lever reaches: the accounts and endpoints of its target, looked at and changed account by account, so that whoever is stopped in
//! between has done what it says, and begins again with the same command.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;

use anyhow::{Context as _, bail, ensure};
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};
use program::signals::StopSignals;
use store::Store;
use store::mending::Beside;
use store::overview::EndpointLoad;

use super::LeverArgs;
use super::extent::Extent;
use super::target::Target;
use crate::order::{confirm, confirm_all};
use crate::runtime;
use crate::stores::{endpoint_in, is_of_account};

/// So many accounts in a row that fail are the store's trouble, and not theirs.
pub(super) const MOST_FAILURES: usize = 5;

/// All that a lever may reach.
pub(super) struct Reach {
    target: Target,
    /// Each account, with its shard.
    accounts: Vec<(AccountId, Store)>,
}

/// What there is of one account.
pub(super) struct Scope {
    pub(super) store: Store,
    pub(super) account: AccountId,
    pub(super) endpoints: Vec<(EndpointId, EndpointLoad)>,
    beside: BTreeMap<EndpointId, Beside>,
}

impl LeverArgs {
    /// What a lever reaches for this target.
    pub(super) async fn reach(&self, target: &Target) -> anyhow::Result<Reach> {
        self.reach_because(target, "").await
    }

    /// The same, with this as the reason where no other was given.
    pub(super) async fn reach_because(&self, target: &Target, reason: &str) -> anyhow::Result<Reach> {
        let order = self.order.order_because(reason);
        let shards = self.shards().await?;
        let accounts = match target {
            Target::All => {
                let progress = runtime::progress(|accounts: usize| format!("found {accounts} accounts …"));
                let found = shards.accounts(progress).await?;
                found
                    .into_iter()
                    .map(|(account, store)| (account, store.ordered_by(&order)))
                    .collect()
            }
            Target::Account(account) => vec![(account.clone(), shards.of(account).ordered_by(&order))],
            Target::Endpoint(id) => {
                let (store, account) = endpoint_in(&shards, id).await?;
                vec![(account, store.ordered_by(&order))]
            }
        };
        Ok(Reach {
            target: target.clone(),
            accounts,
        })
    }
}

impl Reach {
    /// The account of an endpoint, or the account itself; `None` for all.
    pub(super) fn account(&self) -> Option<&AccountId> {
        match &self.target {
            Target::All => None,
            _ => self.accounts.first().map(|(account, _)| account),
        }
    }

    /// The time by which what ended is dated, of all shards that it reaches the latest.
    pub(super) async fn time(&self) -> anyhow::Result<Timestamp> {
        let mut latest = Timestamp::default();
        let mut asked = BTreeSet::new();
        for (_, store) in &self.accounts {
            if asked.insert(store.shard().number) {
                latest = latest.max(store.time().await?);
            }
        }
        Ok(latest)
    }

    pub(super) const fn is_all(&self) -> bool {
        matches!(self.target, Target::All)
    }

    async fn scope(&self, account: &AccountId, store: &Store) -> anyhow::Result<Scope> {
        let endpoints: Vec<_> = match &self.target {
            Target::Endpoint(id) => {
                let load = store.endpoint_load(id).await?;
                vec![(
                    id.clone(),
                    load.with_context(|| format!("there is no endpoint {id}"))?,
                )]
            }
            _ => store.overview_of(account).await?.endpoints.into_iter().collect(),
        };
        let ids: Vec<_> = endpoints.iter().map(|(id, _)| id.clone()).collect();
        Ok(Scope {
            store: store.clone(),
            account: account.clone(),
            beside: store.waiting_beside(&ids).await?,
            endpoints,
        })
    }

    /// Looks at each account, and changes what it has.
    pub(super) async fn each(
        &self,
        doing: &str,
        mut step: impl AsyncFnMut(&Scope) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.each_account(doing, async |account, store| {
            let scope = self.scope(account, store).await?;
            step(&scope).await
        })
        .await
    }

    /// Looks at each account, and changes nothing. Of all, those that can't be looked at are told of and left out.
    pub(super) async fn look_at_each(
        &self,
        doing: &str,
        mut look: impl AsyncFnMut(&Scope) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let looked = self.walk(doing, None, async |account, store| {
            let scope = self.scope(account, store).await?;
            look(&scope).await
        });
        let failed = looked.await?;
        if failed > 0 {
            eprintln!(
                "webhooksctl: {failed} accounts couldn't be looked at, and are left out of the numbers"
            );
        }
        Ok(())
    }

    /// Changes something of each account. Of several, those that fail are told of at once, and don't keep the others waiting. Whoever is
    /// stopped says how far that came.
    pub(super) async fn each_account(
        &self,
        doing: &str,
        step: impl AsyncFnMut(&AccountId, &Store) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let failed = self.walk(doing, Some(StopSignals::catch()?), step).await?;
        ensure!(
            failed == 0,
            "{failed} of {} accounts failed; all others are done, and the same command tries again",
            self.accounts.len()
        );
        Ok(())
    }

    /// Returns how many failed. Without `stop` signals do what they always do.
    async fn walk(
        &self,
        doing: &str,
        mut stop: Option<StopSignals>,
        mut step: impl AsyncFnMut(&AccountId, &Store) -> anyhow::Result<()>,
    ) -> anyhow::Result<usize> {
        let of = self.accounts.len();
        let progress = runtime::progress(|done: usize| format!("{doing}: {done} of {of} accounts …"));
        let (mut failed, mut in_a_row) = (0, 0);
        for (done, (account, store)) in self.accounts.iter().enumerate() {
            let stepping = step(account, store);
            let stopping = async {
                match &mut stop {
                    Some(stop) => stop.next().await,
                    None => pending().await,
                }
            };
            let stepped = tokio::select! {
                biased;
                () = stopping => bail!("{}", stopped("interrupted", done, of)),
                stepped = stepping => stepped,
            };
            match stepped {
                Ok(()) => in_a_row = 0,
                Err(error) if !self.is_all() => return Err(error),
                Err(error) => {
                    eprintln!("webhooksctl: {account}: {error:#}");
                    failed += 1;
                    if !error.downcast_ref().is_some_and(is_of_account) {
                        in_a_row += 1;
                    }
                    ensure!(in_a_row < MOST_FAILURES, "{}", stopped("stopped", done + 1, of));
                }
            }
            progress(done + 1);
        }
        Ok(failed)
    }

    /// How much it is; of each endpoint as much as this counts.
    pub(super) async fn extent(
        &self,
        count: impl Fn(&EndpointLoad, Beside) -> u64,
    ) -> anyhow::Result<Extent> {
        let mut extent = Extent::default();
        self.look_at_each("looked at", async |scope| {
            extent.accounts += 1;
            for (id, load) in &scope.endpoints {
                extent.endpoints += 1;
                extent.deliveries += count(load, scope.beside(id));
            }
            Ok(())
        })
        .await?;
        Ok(extent)
    }

    /// Asks whether that is meant: of all, always; of one, if it is much.
    pub(super) fn confirm(&self, what: &str, extent: Extent, yes: bool) -> anyhow::Result<()> {
        if self.is_all() {
            confirm_all(&format!("{what} ({})", extent.described()), yes)
        } else {
            confirm(what, extent.deliveries, yes)
        }
    }
}

fn stopped(how: &str, done: usize, of: usize) -> String {
    format!("{how} after {done} of {of} accounts: what is done stays done, and the same command goes on")
}

impl Scope {
    /// What waits for an endpoint in no queue of its own.
    pub(super) fn beside(&self, id: &EndpointId) -> Beside {
        self.beside.get(id).copied().unwrap_or_default()
    }
}
