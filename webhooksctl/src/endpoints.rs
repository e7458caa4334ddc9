//! `endpoints` lists who has the most to do; `endpoints enable` switches on again what failures have disabled since a moment, when those were not the receivers' fault.

use std::sync::Mutex;

use clap::{Args, Subcommand};
use domain::clock::Timestamp;
use serde_json::{Value, json};
use store::endpoints::{EnableReport, FailedEndpoint};
use store::settings::RedisArgs;

use crate::lists::{self, ListArgs};
use crate::order::{Deed, OrderArgs};
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::{prefix, stores};

/// The arguments of `endpoints`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct EndpointsArgs {
    #[command(subcommand)]
    command: Option<EndpointsCommand>,

    #[command(flatten)]
    list: ListArgs,
}

/// What can be done with endpoints.
#[derive(Debug, Subcommand)]
enum EndpointsCommand {
    /// Switches on endpoints that failures in a row have disabled, and releases what is parked there, in bounded steps, also while
    /// the system runs. What answered 410, and what its owner switched off, stays off. Needs the rights of `operator-write`.
    Enable(EnableArgs),
}

/// The arguments of `endpoints enable`.
#[derive(Debug, Args)]
struct EnableArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// Those that were disabled at this time or later, such as 2026-03-26T15:30:00Z.
    #[arg(long, value_name = "TIME")]
    disabled_since: Timestamp,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub(crate) fn run(arguments: &EndpointsArgs) -> anyhow::Result<()> {
    let Some(EndpointsCommand::Enable(arguments)) = &arguments.command else {
        return lists::endpoints(&arguments.list);
    };
    let runtime = runtime::new()?;
    let (since, dry_run, output) = (arguments.disabled_since, arguments.dry_run, arguments.output);
    let named = Mutex::new(Vec::new());
    let name = |endpoint: &FailedEndpoint| {
        if let Ok(mut named) = named.lock() {
            named.push(name(endpoint, output));
        }
    };
    let mut report = EnableReport::default();
    for store in runtime.block_on(stores(&arguments.redis))? {
        let progress = runtime::progress(|endpoints: u64| {
            format!("{}looked at {endpoints} endpoints …", prefix(&store))
        });
        let enabling = async { Ok(store.enable_disabled(since, dry_run, &name, &progress).await?) };
        let found = if dry_run {
            runtime.block_on(enabling)?
        } else {
            let deed = Deed {
                action: "enable",
                target: &format!("disabled since {since}"),
                account: "",
            };
            let noted = store.ordered_by(&arguments.order.order());
            let said = |found: &EnableReport| format!("{} endpoints", found.enabled);
            runtime.block_on(deed.noted(&noted, enabling, said))?
        };
        report.endpoints += found.endpoints;
        report.enabled += found.enabled;
    }
    print(&report, dry_run, &named.into_inner().unwrap_or_default(), output)
}

/// One line for each endpoint, as soon as it is switched on; and what is told of it at the end.
fn name(endpoint: &FailedEndpoint, output: OutputArgs) -> Value {
    let FailedEndpoint {
        id,
        account,
        disabled_at,
    } = endpoint;
    // The endpoint is switched on, whether or not anybody reads that.
    let _written = output.step(&format!("{id} of {account}, disabled {disabled_at}"));
    json!({"id": id, "account": account, "disabledAt": disabled_at})
}

fn print(report: &EnableReport, dry_run: bool, named: &[Value], output: OutputArgs) -> anyhow::Result<()> {
    let EnableReport { endpoints, enabled } = report;
    let done = if dry_run {
        "would be switched on"
    } else {
        "were switched on; what is parked there is delivered now"
    };
    output.print(
        &json!({"action": "endpoints enable", "dryRun": dry_run, "lookedAt": endpoints, "enabled": enabled, "endpoints": named}),
        &format!("looked at {endpoints} endpoints: {enabled} {done}"),
    )
}
