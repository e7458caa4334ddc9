//! What an operator does about endpoints and deliveries: `pause`, `throttle`, `resume`, `discard`, `release`, `cancel`, `replay` and `requeue`;
//! and about what has finished: `purge`.
//!
//! Each tells with `--dry-run` what it would do, asks before it changes much, and can be stopped and run again. But for `cancel`, which is of what
//! has a name, each works on an endpoint, an account, or all.
//!
//! - `target`: what that is; `reach`: its accounts and endpoints, looked at and changed one after the other.
//! - A lever is a file; `span` is what `requeue`, and `replay` of more than an event, have in common.

mod budgets;

mod cancel;

mod discard;

mod extent;

mod hold;

mod purge;

mod reach;

mod release;

mod replay;

mod span;

mod target;

use clap::Args;
use domain::id::{AccountId, EndpointId};
use serde_json::Value;
use store::Store;
use store::settings::RedisArgs;
use store::shards::Shards;

use self::target::TargetArgs;
use crate::order::OrderArgs;
use crate::output::OutputArgs;
use crate::stores::endpoint_in;

pub(crate) use cancel::{CancelArgs, cancel};
pub(crate) use discard::discard;
pub(crate) use hold::{PauseArgs, ResumeArgs, ThrottleArgs, pause, resume, throttle};
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

    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `discard` and `release`.
#[derive(Debug, Args)]
pub(crate) struct WaitingArgs {
    #[command(flatten)]
    lever: LeverArgs,

    #[command(flatten)]
    target: TargetArgs,
}

impl LeverArgs {
    /// The shards.
    async fn shards(&self) -> anyhow::Result<Shards> {
        Ok(Shards::find(&self.redis).await?)
    }

    /// A shard, at this order.
    fn ordered(&self, store: &Store) -> Store {
        store.ordered_by(&self.order.order())
    }

    /// The account of an endpoint, and its shard, at this order.
    async fn of_endpoint(&self, shards: &Shards, id: &EndpointId) -> anyhow::Result<(AccountId, Store)> {
        let (store, account) = endpoint_in(shards, id).await?;
        Ok((account, self.ordered(&store)))
    }

    /// Prints what was done, or would be.
    fn print(&self, json: &Value, text: &str) -> anyhow::Result<()> {
        self.output.print(json, text)
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
