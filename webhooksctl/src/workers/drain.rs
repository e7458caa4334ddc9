//! `drain`: a worker takes nothing new, and finishes what it has.

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use serde_json::json;
use store::Store;
use store::settings::RedisArgs;
use store::workers::WorkerName;

use super::{chosen, look};
use crate::order::{Deed, OrderArgs};
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::{prefix, stores};

/// How often `--wait` looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The arguments of `drain`.
#[derive(Debug, Args)]
pub(crate) struct DrainArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// The worker, as `webhooksctl workers` names it. The beginning of its name is enough.
    worker: String,

    /// Let it take deliveries again.
    #[arg(long)]
    undo: bool,

    /// Return when it holds nothing any more.
    #[arg(long, conflicts_with = "undo")]
    wait: bool,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// `drain`.
pub(crate) fn drain(arguments: &DrainArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    runtime.block_on(async {
        let stores = stores(&arguments.redis).await?;
        let seen = look(&stores, 0).await?;
        let (name, row) = chosen(&seen, &arguments.worker)?;
        let known = tell(&stores, name, !arguments.undo).await?;
        note(&stores, name, arguments, known).await;
        let output = arguments.output;
        let action = if arguments.undo { "undrain" } else { "drain" };
        let json = |in_flight: u64| json!({"action": action, "worker": name.as_str(), "inFlight": in_flight});
        let held = row.held.leases;
        if known == 0 {
            bail!("{name} has just gone");
        } else if arguments.undo {
            return output.print(&json(held), &format!("{name} takes deliveries again within seconds"));
        }
        let said = format!(
            "{name} takes nothing new within seconds, and finishes what it has ({held} in flight); `drain {name} --undo` ends that"
        );
        if !arguments.wait {
            return output.print(&json(held), &said);
        }
        output.step(&said)?;
        wait(&stores, name).await?;
        output.print(&json(0), &format!("{name} holds nothing any more"))
    })
}

/// Notes it in the audit of the first shard: a worker is nobody's in particular.
async fn note(stores: &[Store], name: &WorkerName, arguments: &DrainArgs, known: usize) {
    let deed = Deed {
        action: if arguments.undo { "undrain" } else { "drain" },
        target: name.as_str(),
        account: "",
    };
    if let Some(store) = stores.first() {
        let store = store.ordered_by(&arguments.order.order());
        deed.note(&store, &format!("told {known} shards")).await;
    }
}

/// Tells all shards; how many know the worker. Of several, those that can't be told are named, and it is an error.
async fn tell(stores: &[Store], name: &WorkerName, drain: bool) -> anyhow::Result<usize> {
    let (mut known, mut failed) = (0, 0);
    for store in stores {
        match store.drain_worker(name, drain).await {
            Ok(is_known) => known += usize::from(is_known),
            Err(error) if store.shard().has_others() => {
                eprintln!("webhooksctl: {}{error}", prefix(store));
                failed += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if failed > 0 {
        bail!("{failed} shards could not be told: repeat the command");
    }
    Ok(known)
}

/// Waits until the worker says that it takes nothing, and holds nothing; or until it is gone.
async fn wait(stores: &[Store], name: &WorkerName) -> anyhow::Result<()> {
    let progress = runtime::progress(|left: u64| format!("{left} in flight …"));
    loop {
        let seen = look(stores, 0).await?;
        let Some(row) = seen.rows.get(name) else {
            return Ok(());
        };
        if row.state != "serving" && row.held.leases == 0 {
            return Ok(());
        }
        progress(row.held.leases);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
