//! `store`: the identity of the store, and what an operator does when the store was replaced, or doesn't change to newer forms by
//! itself.

mod accept;

use std::io::Write as _;

use clap::{Args, Subcommand};
use domain::clock::Timestamp;
use serde_json::{Value, json};
use store::Store;
use store::identity::{Rewind, StoreFacts, StoreId, Upgraded, newest_schema, unknown_schema};
use store::settings::RedisArgs;

use crate::noted::noted;
use crate::order::OrderArgs;
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::{prefix, stores};

/// What can be done with the store's identity.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Prints a new STORE_ID, as a line for `.env`.
    Id,
    /// Tells what the store says of itself.
    Show(ShowArgs),
    /// Accepts what is on the server as the store: once before the very first start with STORE_ID, and after the store was
    /// replaced. Programs that wait go on with it. Needs the rights of `operator-write`, or of a program.
    Accept(accept::AcceptArgs),
    /// Changes what is stored to the newest form that this release knows. Workers do it by themselves, unless Redis doesn't tell
    /// them who is connected. Stop all programs of older releases first: afterwards they refuse the store. Needs the rights of
    /// `operator-write`.
    Upgrade(UpgradeArgs),
}

/// The arguments of `store show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `store upgrade`.
#[derive(Debug, Args)]
pub(crate) struct UpgradeArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// No program of an older release runs any more, whatever Redis tells of its connections, or doesn't tell.
    #[arg(long)]
    all_are_stopped: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub(crate) fn run(command: &StoreCommand) -> anyhow::Result<()> {
    match command {
        StoreCommand::Id => Ok(writeln!(std::io::stdout(), "{}", new_id())?),
        StoreCommand::Show(arguments) => runtime::new()?.block_on(show(arguments)),
        StoreCommand::Upgrade(arguments) => runtime::new()?.block_on(upgrade_all(arguments)),
        StoreCommand::Accept(arguments) => runtime::new()?.block_on(accept::accept(arguments)),
    }
}

/// A new identity, as a line for `.env`.
fn new_id() -> String {
    format!("STORE_ID={}", StoreId::random())
}

/// What is known of each shard, or of all together where one server has them.
async fn show(arguments: &ShowArgs) -> anyhow::Result<()> {
    let (mut all, mut shards) = (Vec::new(), Vec::new());
    for store in stores(&arguments.redis).await? {
        let facts = store.store_marks().await?;
        shards.push(shown(&store, &facts));
        all.push((prefix(&store), described(&facts)));
    }
    let text = if all.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        all.truncate(1);
        all.pop().unwrap_or_default().1
    } else {
        let each = all
            .into_iter()
            .map(|(prefix, text)| format!("{}\n{text}", prefix.trim_end()));
        each.collect::<Vec<_>>().join("\n")
    };
    arguments.output.print(&json!({"shards": shards}), &text)
}

fn shown(store: &Store, facts: &StoreFacts) -> Value {
    let moment = |ms| (ms > 0).then(|| time(ms));
    let rewound = facts
        .rewound
        .as_ref()
        .map(|Rewind { at, from, to }| json!({"noticedAt": time(*at), "from": from, "to": to}));
    json!({"shard": store.shard().number, "storeId": facts.identity.as_ref().map(ToString::to_string), "schema": facts.schema,
        "writes": facts.writes, "acceptedAt": moment(facts.accepted_at), "setBack": rewound})
}

/// Changes all shards to the newest forms.
async fn upgrade_all(arguments: &UpgradeArgs) -> anyhow::Result<()> {
    let (mut lines, mut shards) = (Vec::new(), Vec::new());
    for store in stores(&arguments.redis).await? {
        let said = upgrade(&store, arguments).await?;
        shards.push(json!({"shard": store.shard().number, "schema": newest_schema(), "result": said}));
        lines.push(format!("{}{said}", prefix(&store)));
    }
    noted(
        "store upgrade",
        &arguments.redis,
        &arguments.order,
        &lines.join("; "),
    )
    .await;
    arguments.output.print(
        &json!({"action": "store upgrade", "shards": shards}),
        &lines.join("\n"),
    )
}

/// Changes a shard to the newest forms, unless somebody may need the older ones.
async fn upgrade(store: &Store, arguments: &UpgradeArgs) -> anyhow::Result<String> {
    let marks = store.store_marks().await?;
    anyhow::ensure!(
        marks.identity.is_some(),
        "nothing was changed: there is no store with an identity here"
    );
    let schema = marks.schema.as_deref().unwrap_or_default();
    if let Some(reason) = marks.schema.as_deref().and_then(unknown_schema) {
        anyhow::bail!(reason);
    }
    if schema == newest_schema() {
        return Ok(format!(
            "nothing is to be done: the stored data has schema {schema}"
        ));
    }
    if !arguments.all_are_stopped {
        match store.older_programs().await? {
            Some(older) if older.is_empty() => {}
            Some(older) => anyhow::bail!(
                "nothing was changed: these connections seem to be of programs of an older release. Stop those first; if there are none, add --all-are-stopped\n{}",
                older.join("\n")
            ),
            None => anyhow::bail!(
                "nothing was changed: Redis doesn't tell who is connected (CLIENT LIST). Stop every webhooks-api, webhooks-worker and webhooksctl of an older release, then add --all-are-stopped"
            ),
        }
    }
    Ok(match store.upgrade_schema().await? {
        Some(Upgraded { from, to }) => {
            format!(
                "the stored data has schema {to} now (before: {from}); programs of an older release refuse it"
            )
        }
        None => "nothing is to be done: a worker was faster".to_owned(),
    })
}

fn described(facts: &StoreFacts) -> String {
    let Some(identity) = &facts.identity else {
        return match &facts.schema {
            Some(schema) => {
                format!("no identity yet: the next program that starts gives it one\nschema {schema}")
            }
            None => "no store: `wh:meta` is not there".to_owned(),
        };
    };
    let mut lines = vec![format!("STORE_ID={identity}"), format!("writes {}", facts.writes)];
    lines.extend(facts.schema.iter().map(|schema| format!("schema {schema}")));
    if facts.accepted_at > 0 {
        lines.push(format!("accepted by an operator {}", time(facts.accepted_at)));
    }
    if let Some(Rewind { at, from, to }) = facts.rewound {
        lines.push(format!(
            "set back to an earlier state (writes {from} to {to}), noticed {}",
            time(at)
        ));
    }
    lines.join("\n")
}

fn time(millis: u64) -> Timestamp {
    i64::try_from(millis)
        .ok()
        .and_then(Timestamp::from_millis)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
