//! `shards grow`: more shards, while the system serves.

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use store::settings::RedisArgs;
use store::shards::{Grown, Growth};

use crate::order::{Deed, OrderArgs};
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::stores;

/// The arguments of `shards grow`.
#[derive(Debug, Args)]
pub(crate) struct GrowArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// How many there are to be: more than now, 256 at most.
    #[arg(value_parser = clap::value_parser!(u16).range(2..=256))]
    to: u16,

    /// All programs have been started since the first run, whatever Redis tells of their connections, or doesn't tell.
    #[arg(long)]
    all_are_restarted: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Begins to grow; goes to the end if all programs know.
pub(crate) fn run(arguments: &GrowArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let stores = runtime.block_on(stores(&arguments.redis))?;
    let first = stores.first().context("there is no shard")?;
    let deed = Deed {
        action: "shards grow",
        target: &format!("to {}", arguments.to),
        account: "",
    };
    let said = |grown: &Grown| format!("from {}", grown.from);
    let noted = first.ordered_by(&arguments.order.order());
    let grown = runtime.block_on(deed.noted(&noted, grow(arguments), said))?;
    let Grown { from, to, entered } = grown;
    arguments.output.print(
        &json!({"action": "shards grow", "from": from, "to": to, "accountsEntered": entered}),
        &format!(
            "the store has {to} shards now (before: {from}); {entered} accounts stay where they are, in another shard than new ones with their ids would begin in"
        ),
    )
}

async fn grow(arguments: &GrowArgs) -> anyhow::Result<Grown> {
    let to = arguments.to;
    let growth = Growth::begin(&arguments.redis, to).await?;
    if !arguments.all_are_restarted {
        let again = format!("then run `webhooksctl shards grow {to}` again");
        match growth.behind().await? {
            Some(behind) if behind.is_empty() => {}
            Some(behind) => bail!(
                "not finished: the {to} shards are made, and these connections are of programs that have fewer. Start those programs again, one after the other, {again}\n{}",
                behind.join("\n")
            ),
            None => bail!(
                "not finished: the {to} shards are made, and Redis doesn't tell who is connected (CLIENT LIST). Start every webhooks-api and webhooks-worker again, {again} with --all-are-restarted"
            ),
        }
    }
    let progress = runtime::progress(|accounts: usize| format!("found {accounts} accounts …"));
    Ok(growth.finish(progress).await?)
}
