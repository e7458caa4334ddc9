//! `store accept`.

use clap::Args;
use serde_json::json;
use store::identity::{Acceptance, Found, StoreFacts, StoreId};
use store::settings::RedisArgs;

use crate::noted::noted;
use crate::order::OrderArgs;
use crate::output::OutputArgs;
use crate::stores::{prefix, stores};

/// The arguments of `store accept`.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,

    /// Accept nothing but an empty server, or the store that STORE_ID names.
    #[arg(long)]
    only_empty: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Accepts what is there, in all shards or in none.
pub(super) async fn accept(arguments: &AcceptArgs) -> anyhow::Result<()> {
    let stores = stores(&arguments.redis).await?;
    for store in &stores {
        let would_be = store.accept_store(true).await?;
        let is_wanted = !arguments.only_empty || matches!(would_be.found, Found::Empty | Found::Same);
        anyhow::ensure!(
            is_wanted,
            "nothing was accepted: {}{}",
            prefix(store),
            found(&would_be)
        );
    }
    let (mut lines, mut shards) = (Vec::new(), Vec::new());
    for store in &stores {
        let done = store.accept_store(arguments.dry_run).await?;
        lines.push(format!("{}{}", prefix(store), accepted(&done, arguments.dry_run)));
        shards.push(json!({"shard": store.shard().number, "found": word(done.found), "storeId": done.identity.to_string()}));
    }
    if !arguments.dry_run {
        noted(
            "store accept",
            &arguments.redis,
            &arguments.order,
            &lines.join("; "),
        )
        .await;
    }
    arguments.output.print(
        &json!({"action": "store accept", "dryRun": arguments.dry_run, "shards": shards}),
        &lines.join("\n"),
    )
}

/// What the server has, in a word.
const fn word(found: Found) -> &'static str {
    match found {
        Found::Empty => "empty",
        Found::Unmarked => "unmarked",
        Found::Other => "other",
        Found::Older => "older",
        Found::Same => "same",
    }
}

/// What the server has.
fn found(acceptance: &Acceptance) -> String {
    let known = |facts: &StoreFacts| {
        facts
            .identity
            .as_ref()
            .map_or_else(String::new, StoreId::to_string)
    };
    match acceptance.found {
        Found::Empty => "the server is empty".to_owned(),
        Found::Unmarked => "the server has keys of ours without an identity".to_owned(),
        Found::Other => format!("the server has the store {}", known(&acceptance.before)),
        Found::Older => format!(
            "the store {} was set back to an earlier state",
            known(&acceptance.before)
        ),
        Found::Same => format!("the server has the store {}", known(&acceptance.before)),
    }
}

/// What was accepted, or would be.
fn accepted(acceptance: &Acceptance, dry_run: bool) -> String {
    let did = if dry_run {
        "it would be accepted as"
    } else {
        "it was accepted as"
    };
    let mut text = format!("{}; {did} the store {}", found(acceptance), acceptance.identity);
    if !dry_run {
        text.push_str("; programs that wait go on within seconds");
    }
    text
}
