//! `account move`: an account goes to another shard, while the system serves.

use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};
use domain::id::AccountId;
use serde_json::json;
use store::moving::{AccountMove, Copied, Moving, Phase, Step};
use store::settings::RedisArgs;
use store::shards::Shards;

use crate::order::{Deed, OrderArgs};
use crate::output::OutputArgs;
use crate::runtime;

/// What to do with an account.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Moves an account to another shard. First it is paused, as by `pause`, and its events are accepted; then its calls are refused for some
    /// moments (503 `account_moving`), while everything of it is copied and compared. All others are served as ever. Stopped at any
    /// point, the same command goes on. Needs the rights of `operator-write`, and workers that run.
    Move(MoveArgs),
}

/// The arguments of `account move`.
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// The account (`org:…`, `user:…`).
    #[arg(value_parser = account)]
    account: AccountId,

    /// The number of the shard that it goes to, as `shards` lists them.
    #[arg(required_unless_present = "undo", conflicts_with = "undo")]
    shard: Option<u16>,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,

    /// Let the account stay where it was, if the other shard doesn't have it yet.
    #[arg(long)]
    undo: bool,

    /// For how many seconds the old copy stays once the new one counts. Programs take about one to learn of it.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    keep_old_for: u64,

    #[command(flatten)]
    output: OutputArgs,
}

fn account(text: &str) -> Result<AccountId, &'static str> {
    AccountId::from_outside(text).map_err(|_| "not an account (org:…, user:…)")
}

/// How long to wait before the next look at what has to end.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Does it.
pub(crate) fn run(command: &AccountCommand) -> anyhow::Result<()> {
    let AccountCommand::Move(arguments) = command;
    runtime::new()?.block_on(async {
        let shards = Shards::find(&arguments.redis).await?;
        let doing = async {
            match arguments.shard {
                Some(to) => go(&shards, arguments, to).await,
                None => go_back(&shards, arguments).await,
            }
        };
        if arguments.dry_run {
            return doing.await.map(|_| ());
        }
        let account = arguments.account.as_str();
        let target = match arguments.shard {
            Some(to) => format!("to shard {to}"),
            None => "back".to_owned(),
        };
        let deed = Deed {
            action: "move",
            target: &target,
            account,
        };
        let noted = shards.of(&arguments.account).ordered_by(&arguments.order.order());
        deed.noted(&noted, doing, Clone::clone).await.map(|_| ())
    })
}

/// Moves it there, and says in a few words what came of it.
async fn go(shards: &Shards, arguments: &MoveArgs, to: u16) -> anyhow::Result<String> {
    let MoveArgs { account, output, .. } = arguments;
    if arguments.dry_run {
        let begun = AccountMove::may_begin(shards, account, to).await?;
        let from = begun
            .as_ref()
            .map_or(shards.number_of(account), |moving| usize::from(moving.from));
        let said = match &begun {
            Some(moving) => format!(
                "{account} is on its way to shard {to} and would go on: {}",
                doing(moving)
            ),
            None => format!("{account} would move from shard {from} to shard {to}"),
        };
        let json = json!({"action": "account move", "account": account, "from": from, "to": to, "isUnderWay": begun.is_some(),
            "dryRun": true});
        output.print(&json, &said)?;
        return Ok(said);
    }
    let going = AccountMove::begin(shards, account, to).await?;
    let mut going = going.settling_for(Duration::from_secs(arguments.keep_old_for));
    let mut told = None;
    loop {
        let Some(phase) = going.phase().await? else { break };
        let step = going.step().await?;
        let telling = (phase, waited_for(&step));
        if told != Some(telling) {
            output.step(&told_of(telling.0, telling.1, going.from(), to))?;
            told = Some(telling);
        }
        if matches!(step, Step::Waits(_)) {
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }
    let Copied { keys, bytes, .. } = going.copied();
    let json = json!({"action": "account move", "account": account, "from": going.from(), "to": to, "keys": keys, "bytes": bytes,
        "dryRun": false});
    output.print(
        &json,
        &format!("{account} is in shard {to}: {keys} keys, {bytes} bytes were copied"),
    )?;
    Ok(format!("{keys} keys, {bytes} bytes"))
}

/// Lets it stay, and says in a few words what came of it.
async fn go_back(shards: &Shards, arguments: &MoveArgs) -> anyhow::Result<String> {
    let MoveArgs { account, output, .. } = arguments;
    let (mut going, moving) = AccountMove::under_way(shards, account).await?;
    if !moving.phase.can_be_undone() {
        bail!(
            "{account} is in shard {} already: let `account move {account} {}` end, then move it back",
            moving.to,
            moving.to
        );
    }
    let from = moving.from;
    let said = if arguments.dry_run {
        format!("{account} would stay in shard {from}: {}", doing(&moving))
    } else {
        while going.undo().await? != Step::Done {}
        format!("{account} stays in shard {from}")
    };
    let json = json!({"action": "account move --undo", "account": account, "shard": from, "dryRun": arguments.dry_run});
    output.print(&json, &said)?;
    Ok(format!("stays in shard {from}"))
}

fn doing(moving: &Moving) -> String {
    told_of(moving.phase, None, moving.from, moving.to)
}

const fn waited_for(step: &Step) -> Option<&'static str> {
    match step {
        Step::Waits(what) => Some(what),
        Step::WentOn | Step::Done => None,
    }
}

/// What is being done.
fn told_of(phase: Phase, waits: Option<&str>, from: u16, to: u16) -> String {
    let doing = match phase {
        Phase::Draining => format!("its deliveries are paused in shard {from}, its events are accepted"),
        Phase::Closing => "its calls are refused from now on".to_owned(),
        Phase::Closed => format!("everything of it is copied to shard {to}, and compared"),
        Phase::Switched => format!("shard {to} has it"),
        Phase::Leaving => format!("what is left of it in shard {from} is removed"),
    };
    match waits {
        Some(what) => format!("{doing}; waiting for {what} …"),
        None => format!("{doing} …"),
    }
}
