//! `shards move`: takes a shard to another node of the cluster, and can be ordered again whatever became of the last order.

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use store::settings::RedisArgs;
use store::slot_moving::{How, Progress, SlotMove};

use crate::order::OrderArgs;
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::stores;

/// The arguments of `shards move`.
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    output: OutputArgs,

    /// The number of the shard.
    shard: u16,

    /// The primary that gets it: `host:port`, or its id in the cluster.
    node: String,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,

    /// Where it goes key by key: how many keys at a time, from 1 to 1000. The old node answers nobody while they are on their way.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    keys_at_a_time: u16,
}

/// Moves a shard, and tells each step on standard error.
pub(crate) fn run(arguments: &MoveArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let shard = arguments.shard;
    let planned = runtime.block_on(SlotMove::plan(&arguments.redis, shard, &arguments.node))?;
    let (slot, from, to) = (planned.slot(), planned.from(), planned.to());
    let output = arguments.output;
    let json = json!({"action": "shards move", "shard": shard, "slot": slot, "from": from, "to": to, "dryRun": arguments.dry_run,
        "isThere": planned.how() == How::IsThere || !arguments.dry_run});
    if planned.how() == How::IsThere {
        return output.print(
            &json,
            &format!("nothing is to be done: shard {shard} (hash slot {slot}) is at {to}"),
        );
    }
    let how = described(planned.how());
    if arguments.dry_run {
        return output.print(
            &json,
            &format!("shard {shard} (hash slot {slot}) would be moved from {from} to {to}, {how}"),
        );
    }
    eprintln!("shard {shard} (hash slot {slot}): from {from} to {to}, {how}");
    let count = runtime::progress(|(moved, of): (u64, u64)| format!("moved {moved} of {of} keys …"));
    let server = runtime::progress(|state: String| format!("the server moves it ({state}) …"));
    let tell = |progress| match progress {
        Progress::Closed => eprintln!(
            "the shard is closed until it has arrived: events for its accounts get 503, and its deliveries wait"
        ),
        Progress::Keys { moved, of } => count((moved, of)),
        Progress::Server(state) => server(state),
    };
    runtime.block_on(note(arguments, &to, "begins"));
    let gone = runtime.block_on(planned.go(arguments.keys_at_a_time, &tell));
    let result = match &gone {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("failed: {error:#}"),
    };
    runtime.block_on(note(arguments, &to, &result));
    gone.with_context(|| match planned.how() {
        How::ByKeys { .. } => "the shard is closed until it has arrived; the same command goes on",
        _ => "the same command follows it, or tries again",
    })?;
    output.print(
        &json,
        &format!("shard {shard} (hash slot {slot}) is at {to} now; the programs go on there"),
    )
}

/// Notes it in the audit of the first shard, as far as that can be reached: a shard that is half-way has to arrive, noted or not.
async fn note(arguments: &MoveArgs, to: &str, result: &str) {
    let noting = async {
        if let Some(store) = stores(&arguments.redis).await?.first() {
            let store = store.ordered_by(&arguments.order.order());
            let target = format!("{} to {to}", arguments.shard);
            store.note_plainly("shards move", &target, result).await?;
        }
        anyhow::Ok(())
    };
    if let Err(error) = noting.await {
        eprintln!("webhooksctl: the audit lacks this: {error}");
    }
}

const fn described(how: How) -> &'static str {
    match how {
        How::IsThere => "where it is",
        How::AtOnce { begun: false } => {
            "in one step (CLUSTER MIGRATESLOTS): the shard is served all the while, but for about a second at the end"
        }
        How::AtOnce { begun: true } => "in one step (CLUSTER MIGRATESLOTS), which is under way",
        How::ByKeys { begun: false } => {
            "key by key: the shard is closed meanwhile, so that events for its accounts get 503 and its deliveries wait"
        }
        How::ByKeys { begun: true } => "key by key, from half-way on",
    }
}
