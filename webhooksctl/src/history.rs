//! `history`: an endpoint's log, and the payload of one delivery, wherever they are kept. Changes nothing; the rights of `operator` suffice.

use std::io::Write as _;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId};
use serde_json::{Map, Value, json};
use store::log::{EntryId, Past};
use store::settings::RedisArgs;

use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::of_endpoint;

/// What can be read.
#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Prints the newest entries of an endpoint's log, newest first, a line of JSON each; with `--json`, all as one document.
    Log(LogArgs),
    /// Prints the body of a delivery, byte for byte, as its receiver gets it.
    Payload(PayloadArgs),
}

/// The arguments of `history log`.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// The endpoint: `ep_…`.
    endpoint: EndpointId,

    /// Only what happened before this time, such as 2026-03-26T15:30:00Z.
    #[arg(long, value_name = "TIME")]
    before: Option<Timestamp>,

    /// How many entries.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,

    #[command(flatten)]
    output: OutputArgs,
}

/// The arguments of `history payload`.
#[derive(Debug, Args)]
pub(crate) struct PayloadArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// The delivery: `dlv_…`.
    delivery: DeliveryId,
}

/// Runs the command.
pub(crate) fn run(command: &HistoryCommand) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    match command {
        HistoryCommand::Log(arguments) => runtime.block_on(log(arguments)),
        HistoryCommand::Payload(arguments) => runtime.block_on(payload(arguments)),
    }
}

async fn log(arguments: &LogArgs) -> anyhow::Result<()> {
    let endpoint = &arguments.endpoint;
    let (store, account) = of_endpoint(&arguments.redis, endpoint).await?;
    let before = arguments.before.map_or(EntryId::MAX, EntryId::at);
    let most = usize::try_from(arguments.limit)?;
    let mut entries = Vec::new();
    for entry in store.log_before(endpoint, before.into(), most).await? {
        let mut line = Map::new();
        line.insert(
            "at".to_owned(),
            EntryId::from(entry.place).time().to_string().into(),
        );
        line.insert("entry".to_owned(), entry.place.to_string().into());
        let mut fields = entry.fields.into_iter().collect();
        store::log::unpack(&mut fields);
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort_unstable();
        line.extend(
            fields
                .into_iter()
                .map(|(name, value)| (name, Value::String(value))),
        );
        entries.push(Value::Object(line));
    }
    let since = store.complete_since(&account, endpoint, Past::Log).await?;
    if let Some(since) = since {
        eprintln!("The log is complete since {since}; of what is older, something is missing.");
    }
    if arguments.output.is_json() {
        let json = json!({"endpoint": endpoint, "completeSince": since, "entries": entries});
        return arguments.output.print(&json, "");
    }
    for entry in entries {
        writeln!(std::io::stdout(), "{entry}")?;
    }
    Ok(())
}

async fn payload(arguments: &PayloadArgs) -> anyhow::Result<()> {
    let delivery = &arguments.delivery;
    let (store, account) = of_endpoint(&arguments.redis, &delivery.endpoint()).await?;
    let found = store.payload_anywhere(&account, &delivery.event()).await?;
    let (_, body) = found.with_context(|| format!("the payload of {delivery} is no longer kept"))?;
    std::io::stdout().write_all(&body)?;
    Ok(())
}
