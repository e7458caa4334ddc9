//! `secrets rewrap`: signing secrets are sealed anew with the first key of `SECRETS_KEY`, so that the others can go.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::{Args, Subcommand};
use program::config::SecretsArgs;
use store::Store;
use store::rewrap::RewrapReport;
use store::settings::RedisArgs;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What can be done with signing secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Seals every signing secret anew with the first key of SECRETS_KEY, in bounded steps, also while the system runs.
    Rewrap(RewrapArgs),
}

/// The arguments of `secrets rewrap`.
#[derive(Debug, Args)]
pub(crate) struct RewrapArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    secrets: SecretsArgs,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,
}

/// Does it, and fails when there are secrets that no key opens.
pub(crate) fn run(command: &SecretsCommand) -> anyhow::Result<()> {
    let SecretsCommand::Rewrap(arguments) = command;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let store = Store::new(&arguments.redis)?;
    let keyring = &arguments.secrets.secrets_key;
    let told = Mutex::new(Instant::now());
    let tell = |endpoints: u64| {
        if let Ok(mut told) = told.lock()
            && told.elapsed() >= TELL_EVERY
        {
            *told = Instant::now();
            eprintln!("looked at {endpoints} endpoints …");
        }
    };
    let report = runtime.block_on(store.rewrap_secrets(keyring, arguments.dry_run, &tell))?;
    print(&report, keyring.sealing_key_id(), arguments.dry_run)?;
    match report.unopened {
        0 => Ok(()),
        count => {
            bail!("{count} secrets don't open with the keys of SECRETS_KEY: keep every key that you have")
        }
    }
}

fn print(report: &RewrapReport, sealing: &str, dry_run: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let done = if dry_run {
        "would be sealed anew"
    } else {
        "sealed anew"
    };
    writeln!(
        out,
        "looked at {} endpoints: {} secrets {done}, {} changed meanwhile and were left alone",
        report.endpoints, report.rewrapped, report.overtaken
    )?;
    for (key, count) in &report.by_key {
        let role = if key == sealing {
            "the first of SECRETS_KEY"
        } else {
            "not the first of SECRETS_KEY"
        };
        writeln!(out, "  {count} under key {key} ({role})")?;
    }
    for reason in &report.reasons {
        writeln!(out, "  {reason}")?;
    }
    Ok(())
}
