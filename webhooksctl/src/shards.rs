//! `shards`: where each is; `shards grow` makes more of them, `shards move` takes one to another node of the cluster, `shards adopt` takes a
//! single server's store over into a cluster.

mod grow;

mod listing;

mod moving;

use clap::{Args, Subcommand};
use serde_json::json;
use store::settings::RedisArgs;
use store::shards::Shards;

use crate::noted::noted;
use crate::order::OrderArgs;
use crate::output::OutputArgs;
use crate::runtime;

/// The arguments of `shards`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ShardsArgs {
    #[command(subcommand)]
    command: Option<ShardsCommand>,

    #[command(flatten)]
    list: listing::ListArgs,
}

/// What can be done with shards.
#[derive(Debug, Subcommand)]
enum ShardsCommand {
    /// Makes more shards, while the system serves: run it, start all programs again one after the other, and run it once more. Accounts
    /// that are there stay where they are; new ones spread over all. Needs the rights of `operator-write`.
    Grow(grow::GrowArgs),
    /// Moves a shard to another node of a Redis Cluster, while the programs run: in one step where the server can (Valkey from 9), else key by
    /// key, and the shard is closed meanwhile. Whatever became of it, the same command goes on. Needs the rights of `mover`
    /// (docs/operations.md).
    Move(moving::MoveArgs),
    /// Takes the store of a single server, which has become a node of a cluster, over into the cluster: nothing works there before. Needs
    /// the rights of `operator-write`.
    Adopt(AdoptArgs),
}

/// The arguments of `shards adopt`.
#[derive(Debug, Args)]
struct AdoptArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub(crate) fn run(arguments: &ShardsArgs) -> anyhow::Result<()> {
    match &arguments.command {
        None => listing::list(&arguments.list),
        Some(ShardsCommand::Grow(arguments)) => grow::run(arguments),
        Some(ShardsCommand::Move(arguments)) => moving::run(arguments),
        Some(ShardsCommand::Adopt(arguments)) => adopt(arguments),
    }
}

fn adopt(arguments: &AdoptArgs) -> anyhow::Result<()> {
    let AdoptArgs { redis, order, output } = arguments;
    let shards = runtime::new()?.block_on(async {
        let shards = Shards::adopt(redis).await?;
        noted("shards adopt", redis, order, &format!("{shards} shards")).await;
        anyhow::Ok(shards)
    })?;
    output.print(
        &json!({"action": "shards adopt", "shards": shards}),
        &format!(
            "the cluster has the store of the single server now, with {shards} of its shards; programs that wait go on within seconds"
        ),
    )
}
