//! `secrets rewrap` seals signing secrets anew with the first key of `SECRETS_KEY`, so that the others can go; `secrets accept` makes that
//! key the store's where the right one is lost.

use std::fmt::Write as _;

use anyhow::bail;
use clap::{Args, Subcommand};
use program::config::SecretsArgs;
use serde_json::json;
use store::rewrap::RewrapReport;
use store::settings::RedisArgs;

use crate::order::{Deed, OrderArgs};
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::{prefix, stores};

/// What can be done with signing secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Seals every signing secret anew with the first key of SECRETS_KEY, in bounded steps, also while the system runs.
    Rewrap(RewrapArgs),
    /// Makes the first key of SECRETS_KEY the one that programs must have, where the right one is lost for good. What that one sealed stays
    /// and doesn't open: rotate the secrets of all endpoints, and give their headers anew.
    Accept(AcceptArgs),
}

/// The arguments of `secrets accept`.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    secrets: SecretsArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `secrets rewrap`.
#[derive(Debug, Args)]
pub(crate) struct RewrapArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    secrets: SecretsArgs,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub(crate) fn run(command: &SecretsCommand) -> anyhow::Result<()> {
    match command {
        SecretsCommand::Rewrap(arguments) => rewrap(arguments),
        SecretsCommand::Accept(arguments) => accept(arguments),
    }
}

fn accept(arguments: &AcceptArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let keyring = &arguments.secrets.secrets_key;
    let deed = deed("secrets accept", keyring.sealing_key_id());
    for store in runtime.block_on(stores(&arguments.redis))? {
        let store = store.ordered_by(&arguments.order.order());
        let accepting = async { Ok(store.accept_secrets_key(keyring).await?) };
        runtime.block_on(deed.noted(&store, accepting, |_| "done".to_owned()))?;
    }
    let key = keyring.sealing_key_id();
    arguments.output.print(
        &json!({"action": "secrets accept", "key": key}),
        &format!("programs need key {key} from now on"),
    )
}

/// What is noted: never a key, only its name.
const fn deed<'a>(action: &'a str, key: &'a str) -> Deed<'a> {
    Deed {
        action,
        target: key,
        account: "",
    }
}

/// Fails when there are secrets that no key opens.
fn rewrap(arguments: &RewrapArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let keyring = &arguments.secrets.secrets_key;
    let mut report = RewrapReport::default();
    for store in runtime.block_on(stores(&arguments.redis))? {
        let progress = runtime::progress(|endpoints: u64| {
            format!("{}looked at {endpoints} endpoints …", prefix(&store))
        });
        let rewrapping = async {
            let rewrapped = store
                .rewrap_secrets(keyring, arguments.dry_run, &progress)
                .await?;
            Ok(rewrapped)
        };
        report.merge(if arguments.dry_run {
            runtime.block_on(rewrapping)?
        } else {
            let store = store.ordered_by(&arguments.order.order());
            let said = |report: &RewrapReport| format!("{} secrets", report.rewrapped);
            let deed = deed("secrets rewrap", keyring.sealing_key_id());
            runtime.block_on(deed.noted(&store, rewrapping, said))?
        });
    }
    let key = keyring.sealing_key_id();
    let json = json!({"action": "secrets rewrap", "dryRun": arguments.dry_run, "endpoints": report.endpoints, "secrets": report.rewrapped,
        "changedMeanwhile": report.overtaken, "unopened": report.unopened, "key": key, "byKey": report.by_key,
        "reasons": report.reasons});
    arguments
        .output
        .print(&json, &described(&report, key, arguments.dry_run))?;
    match report.unopened {
        0 => Ok(()),
        count => {
            bail!("{count} secrets don't open with the keys of SECRETS_KEY: keep every key that you have")
        }
    }
}

fn described(report: &RewrapReport, sealing: &str, dry_run: bool) -> String {
    let done = if dry_run {
        "would be sealed anew"
    } else {
        "sealed anew"
    };
    let mut text = format!(
        "looked at {} endpoints: {} secrets {done}, {} changed meanwhile and were left alone\n",
        report.endpoints, report.rewrapped, report.overtaken
    );
    for (key, count) in &report.by_key {
        let role = if key == sealing {
            "the first of SECRETS_KEY"
        } else {
            "not the first of SECRETS_KEY"
        };
        // Writing into a string can't fail.
        let _written = writeln!(text, "  {count} under key {key} ({role})");
    }
    for reason in &report.reasons {
        let _written = writeln!(text, "  {reason}");
    }
    text
}
