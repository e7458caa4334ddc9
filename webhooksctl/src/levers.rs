//! What an operator does about deliveries: `discard`, `release`, `cancel`, `replay` and `requeue`; and about what has finished: `purge`.
//!
//! Each tells with `--dry-run` what it would do, asks before it changes much, and can be stopped and run again.

mod budgets;

mod cancel;

mod discard;

mod purge;

mod release;

mod replay;

mod span;

use std::io::Write as _;

use anyhow::bail;
use clap::Args;
use domain::id::{AccountId, EndpointId};
use serde_json::Value;
use store::Store;
use store::overview::EndpointLoad;
use store::settings::RedisArgs;
use store::shards::Shards;

use crate::hold::Target;
use crate::order::OrderArgs;

pub(crate) use cancel::{CancelArgs, cancel};
pub(crate) use discard::discard;
pub(crate) use purge::{PurgeArgs, purge};
pub(crate) use release::release;
pub(crate) use replay::{ReplayArgs, replay};
pub(crate) use span::{RequeueArgs, requeue};

/// The arguments of all.
#[derive(Debug, Args)]
struct LeverArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,

    /// Don't ask, however much it changes.
    #[arg(long)]
    yes: bool,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The arguments of `discard` and `release`.
#[derive(Debug, Args)]
pub(crate) struct WaitingArgs {
    #[command(flatten)]
    lever: LeverArgs,

    /// The endpoint (`ep_…`) or the account (`org:…`, `user:…`).
    target: Target,
}

/// The endpoints that something is done to.
struct Scope {
    store: Store,
    account: AccountId,
    endpoints: Vec<(EndpointId, EndpointLoad)>,
}

impl LeverArgs {
    /// The shards, at this order.
    async fn shards(&self) -> anyhow::Result<Shards> {
        Ok(Shards::find(&self.redis).await?)
    }

    /// A shard, at this order.
    fn ordered(&self, store: &Store) -> Store {
        store.ordered_by(&self.order.order())
    }

    /// The shard of an account, at this order.
    async fn of(&self, account: &AccountId) -> anyhow::Result<Store> {
        Ok(self.ordered(self.shards().await?.of(account)))
    }

    /// The endpoints of a target.
    async fn scope(&self, target: &Target) -> anyhow::Result<Scope> {
        let shards = self.shards().await?;
        match target {
            Target::Account(account) => {
                let store = self.ordered(shards.of(account));
                let endpoints = store.overview_of(account).await?.endpoints.into_iter().collect();
                Ok(Scope {
                    store,
                    account: account.clone(),
                    endpoints,
                })
            }
            Target::Endpoint(id) => {
                let (account, store) = self.of_endpoint(&shards, id).await?;
                let Some(load) = store.endpoint_load(id).await? else {
                    bail!("there is no endpoint {id}");
                };
                Ok(Scope {
                    store,
                    account,
                    endpoints: vec![(id.clone(), load)],
                })
            }
        }
    }

    /// The account and the shard of an endpoint.
    async fn of_endpoint(&self, shards: &Shards, id: &EndpointId) -> anyhow::Result<(AccountId, Store)> {
        for store in shards.all() {
            if let Some(account) = store.account_of(id).await? {
                // Where an account was before it moved, a copy may be left.
                let store = self.ordered(shards.of(&account));
                return Ok((account, store));
            }
        }
        bail!("there is no endpoint {id}");
    }

    /// Prints what was done, or would be.
    fn print(&self, json: &Value, text: &str) -> anyhow::Result<()> {
        let text = if self.json { &json.to_string() } else { text };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }
}

/// `1 delivery`, `3 deliveries`.
fn deliveries(count: u64) -> String {
    if count == 1 {
        "1 delivery".to_owned()
    } else {
        format!("{count} deliveries")
    }
}
