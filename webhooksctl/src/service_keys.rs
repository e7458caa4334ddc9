//! `keys`: the service keys that are kept in the store, beside those of SERVICE_KEYS.

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::json;
use store::StoreError;
use store::service_keys::ServiceKeyEntries;
use store::settings::RedisArgs;
use store::shards::Shards;

use crate::keys::{new_service_key, parse_id, service_key_hash};
use crate::order::{OrderArgs, ask};
use crate::output::OutputArgs;
use crate::runtime;
use crate::table::Table;

/// What is said wherever keys are listed.
const ELSEWHERE: &str = "keys of SERVICE_KEYS aren't listed: the store doesn't know them";

/// What can be done with the service keys that the store has.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes a service key, which every API takes within three seconds, without a restart. It is printed once: the store keeps its SHA-256. Needs the
    /// rights of `operator-write`, and that every shard can be reached.
    #[command(
        after_help = "Example: webhooksctl keys create backend-2 --why 'backend is rotated'\nThe key alone (or the JSON document with it) goes to standard output."
    )]
    Create(CreateArgs),
    /// Lists the service keys that the store has: those of SERVICE_KEYS aren't there. The rights of `operator` suffice.
    List(ListArgs),
    /// Revokes a service key of the store: every API refuses it within three seconds. While a shard is away the others are told, and the same
    /// command tells that one later. A key that the store has forgotten (it was restored, say) is revoked as well. Needs the rights of `operator-write`.
    #[command(after_help = "Example: webhooksctl keys revoke backend --why 'it was in a log' --yes")]
    Revoke(RevokeArgs),
}

/// The arguments of `keys create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// What the key is called here and in logs: letters, digits and `-`. One that was revoked may be given again.
    #[arg(value_parser = parse_id)]
    id: String,

    /// Let the key call for any account, not only push events.
    #[arg(long)]
    manage: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `keys list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `keys revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// What the key is called.
    #[arg(value_parser = parse_id)]
    id: String,

    /// Don't ask.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub(crate) fn run(command: &KeysCommand) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    match command {
        KeysCommand::Create(arguments) => runtime.block_on(create(arguments)),
        KeysCommand::List(arguments) => runtime.block_on(list(arguments)),
        KeysCommand::Revoke(arguments) => runtime.block_on(revoke(arguments)),
    }
}

async fn create(arguments: &CreateArgs) -> anyhow::Result<()> {
    let CreateArgs {
        redis,
        order,
        id,
        manage,
        output,
    } = arguments;
    let key = new_service_key(id);
    let shards = Shards::find(redis).await?;
    shards
        .create_service_key(&order.order(), id, service_key_hash(&key), *manage)
        .await?;
    eprintln!(
        "the key `{id}`, for the backend (it is kept nowhere); every API takes it within three seconds:"
    );
    output.print(&json!({"id": id, "manage": manage, "key": key}), &key)
}

async fn list(arguments: &ListArgs) -> anyhow::Result<()> {
    let shards = Shards::find(&arguments.redis).await?;
    let (known, away) = shards.service_keys().await?;
    for (shard, error) in away {
        eprintln!("webhooksctl: shard {shard}: {error}");
    }
    eprintln!("{ELSEWHERE}");
    let keys = known.valid().map(|(id, since, key)| {
        json!({"id": id, "manage": key.may_manage, "createdAt": since, "createdBy": key.by})
    });
    let document = json!({ "keys": keys.collect::<Vec<_>>() });
    arguments.output.print(&document, &listed(&known))
}

fn listed(known: &ServiceKeyEntries) -> String {
    let mut table = Table::new(&["id", "may", "made", "by"]);
    for (id, since, key) in known.valid() {
        let may = if key.may_manage { "manage" } else { "push" };
        table.row([id, may, &since.to_string(), &key.by].map(str::to_owned));
    }
    table.text()
}

async fn revoke(arguments: &RevokeArgs) -> anyhow::Result<()> {
    let id = &arguments.id;
    ask(
        &format!("revoke the service key `{id}`, so that whoever has it is refused"),
        arguments.yes,
    )?;
    let shards = Shards::find(&arguments.redis).await?;
    let revoked = shards.revoke_service_key(&arguments.order.order(), id).await?;
    if !revoked.untold.is_empty() {
        bail!(
            "the key `{id}` is revoked, and some shards couldn't be told: an API that reaches no other still takes it. Run the same command again when they are back\n{}",
            untold(&revoked.untold)
        );
    }
    let said = if !revoked.was_known {
        "is revoked: the store had no such key; APIs that still knew it refuse it now"
    } else if revoked.was_revoked {
        "was revoked before, and every shard knows it"
    } else {
        "is revoked: every API refuses it within three seconds"
    };
    arguments.output.print(
        &json!({"id": id, "wasKnown": revoked.was_known, "wasRevoked": revoked.was_revoked}),
        &format!("the key `{id}` {said}; one of SERVICE_KEYS with this id isn't touched"),
    )
}

fn untold(shards: &[(u16, StoreError)]) -> String {
    let lines = shards
        .iter()
        .map(|(shard, error)| format!("shard {shard}: {error}"));
    lines.collect::<Vec<_>>().join("\n")
}
