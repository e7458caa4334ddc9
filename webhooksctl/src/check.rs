//! `check`: does what is stored in Redis agree with itself? `check --repair` mends what can be mended without guessing.

mod repair;

use std::io::Write as _;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};
use store::Store;
use store::check::CheckReport;
use store::identity::{StoreFacts, StoreId, unknown_schema};
use store::settings::RedisArgs;
use store::shards::Shards;

use self::repair::Repairs;
use crate::order::OrderArgs;
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::prefix;

/// The most violations that are printed.
const SHOWN: usize = 100;

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// Keep the result, so that `status` tells it and how old it is. Needs the rights of `operator-write`; without, nothing is written.
    #[arg(long)]
    keep: bool,

    /// Mend what follows from other keys, each at one moment and only if it is still so, and check again. Needs the rights of
    /// `operator-write`.
    #[arg(long)]
    repair: bool,

    /// With `--repair`: change nothing, and tell what would be done.
    #[arg(long, requires = "repair")]
    dry_run: bool,

    /// With `--repair`: don't ask, however much there is to mend.
    #[arg(long, requires = "repair")]
    yes: bool,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// Prints what it looked at and every violation; fails when there is one.
pub(crate) fn run(arguments: &CheckArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let (mut violations, mut all) = (0, Vec::new());
    let shards = runtime.block_on(Shards::find(&arguments.redis))?;
    let mut found = Vec::new();
    for store in shards.all() {
        found.push((store, runtime.block_on(check(store, arguments))?));
    }
    if arguments.repair && !arguments.dry_run {
        // Once for all shards: whoever says no has changed nothing in any.
        repair::confirm_all(found.iter().map(|(_, report)| report), arguments.yes)?;
    }
    for (store, mut report) in found {
        let mut shown = shown(store, &report);
        if arguments.repair {
            let repairs = runtime.block_on(repair::repair(store, arguments, &report))?;
            shown["repairs"] = repairs.shown();
            if !arguments.dry_run && repairs.changed() {
                // It is checked as if nothing had been said before.
                report = runtime.block_on(check(store, arguments))?;
                shown["after"] = self::shown(store, &report);
            }
            tell(store, arguments, &repairs, &report)?;
        }
        violations += report.violations.len();
        all.push(shown);
    }
    let strays = runtime.block_on(shards.check())?;
    violations += strays.len();
    if arguments.output.is_json() {
        let json = json!({"violations": violations, "shards": all, "between": strays});
        arguments.output.print(&json, "")?;
    } else {
        for stray in &strays {
            writeln!(std::io::stdout(), "  {stray}")?;
        }
        if violations == 0 && all.len() > 1 {
            writeln!(
                std::io::stdout(),
                "no violation in {} shards, nor between them",
                all.len()
            )?;
        }
    }
    match violations {
        0 => Ok(()),
        count => bail!("{count} violations"),
    }
}

/// Checks a shard, and says to people what it found.
async fn check(store: &Store, arguments: &CheckArgs) -> anyhow::Result<CheckReport> {
    let wanted = arguments.redis.store_id.as_ref();
    let progress = runtime::progress(|read: usize| format!("{}read {read} keys …", prefix(store)));
    let marks = store.store_marks().await?;
    if let Some(reason) = marks.schema.as_deref().and_then(unknown_schema) {
        bail!(reason);
    }
    let report = store.check_with_progress(&progress).await?;
    if !arguments.output.is_json() {
        print(&report, &prefix(store))?;
    }
    if let Some(reason) = is_another(&marks, wanted, report.is_empty()) {
        bail!(reason);
    }
    if arguments.keep && !report.is_empty() {
        store.note_check(&report).await?;
    }
    Ok(report)
}

/// Says to people what came of repairing.
fn tell(store: &Store, arguments: &CheckArgs, repairs: &Repairs, report: &CheckReport) -> anyhow::Result<()> {
    if arguments.output.is_json() {
        return Ok(());
    }
    let left = match report.violations.len() {
        0 => "no violation is left".to_owned(),
        1 => "1 violation is left".to_owned(),
        count => format!("{count} violations are left"),
    };
    let prefix = prefix(store);
    writeln!(
        std::io::stdout(),
        "{prefix}{}; {left}",
        repairs.summary(arguments.dry_run)
    )?;
    Ok(())
}

fn shown(store: &Store, report: &CheckReport) -> Value {
    let violations = report.violations.iter();
    let violations: Vec<_> = violations
        .map(|found| json!({"key": found.key, "what": found.what}))
        .collect();
    json!({
        "shard": store.shard().number, "endpoints": report.endpoints, "events": report.events, "unfinished": report.unfinished,
        "keys": report.keys, "walks": report.walks, "tookSeconds": report.took.as_secs_f64(), "promises": report.promises,
        "violations": violations,
    })
}

/// Why this isn't the store that the operator means, if it isn't.
fn is_another(marks: &StoreFacts, wanted: Option<&StoreId>, is_empty: bool) -> Option<String> {
    match (&marks.identity, wanted) {
        (None, _) if is_empty => Some(
            "empty: there is no store on this server. If there should be one, see \"The store was replaced\" in docs/operations.md"
                .to_owned(),
        ),
        (None, _) if marks.schema.is_none() => Some(
            "there are keys of ours, but `wh:meta` is gone: see \"The store was replaced\" in docs/operations.md"
                .to_owned(),
        ),
        (Some(found), Some(wanted)) if found != wanted => {
            Some(format!("this is the store {found}, and not the one that STORE_ID names"))
        }
        _ => None,
    }
}

fn print(report: &CheckReport, prefix: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let is_empty = report.is_empty();
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
        "{prefix}looked at {endpoints} endpoints, {events} events and {unfinished} unfinished deliveries"
    )?;
    if is_empty {
        writeln!(out, "the store is empty")?;
        return Ok(());
    }
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

#[cfg(test)]
mod tests;
