//! `check`: does what is stored in Redis agree with itself?

use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use common::config::RedisArgs;
use common::store::Store;
use common::store::check::CheckReport;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The most violations that are printed.
const SHOWN: usize = 100;

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    redis: RedisArgs,
}

/// Prints what was looked at and every violation; fails when there is one.
pub(crate) fn run(arguments: &CheckArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let store = Store::new(&arguments.redis)?;
    let told = Mutex::new(Instant::now());
    let tell = |read: usize| {
        if let Ok(mut told) = told.lock()
            && told.elapsed() >= TELL_EVERY
        {
            *told = Instant::now();
            eprintln!("read {read} keys …");
        }
    };
    let report = runtime.block_on(store.check_telling(&tell))?;
    print(&report)?;
    match report.violations.len() {
        0 => Ok(()),
        count => bail!("{count} violations"),
    }
}

fn print(report: &CheckReport) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let CheckReport {
        endpoints,
        events,
        unfinished,
        keys,
        walks,
        took,
        promises,
        violations,
    } = report;
    writeln!(
        out,
        "looked at {endpoints} endpoints, {events} events and {unfinished} unfinished deliveries"
    )?;
    writeln!(
        out,
        "read {keys} keys in {:.1} s, {}, and checked that",
        took.as_secs_f64(),
        match walks {
            1 => "once".to_owned(),
            times => format!("{times} times, since something changed or is wrong"),
        }
    )?;
    for promise in promises {
        writeln!(out, "  {promise}")?;
    }
    for violation in violations.iter().take(SHOWN) {
        writeln!(out, "  {violation}")?;
    }
    match violations.len() {
        0 => writeln!(out, "no violation")?,
        count if count > SHOWN => writeln!(out, "  … and {} more", count - SHOWN)?,
        _ => {}
    }
    Ok(())
}
