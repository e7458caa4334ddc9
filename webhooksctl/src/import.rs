//! `import`: makes endpoints from JSON Lines, as `export` writes them: with the ids and the secrets that they had elsewhere, so that nothing
//! changes for receivers.
//!
//! An endpoint that is there already is left alone, so the same file may be imported again: with an `id` it is there if the account has one
//! of that id, without one if the account has one of that URL. All lines are checked before anything is written.

mod line;

mod plan;

mod report;

mod write;

use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use program::config::{HeaderArgs, SecretsArgs, UrlArgs};
use store::settings::RedisArgs;
use store::shards::Shards;

use self::line::{Fault, Rules, Wanted};
use self::plan::Plan;
use self::report::Report;
use crate::order::{OrderArgs, confirm};
use crate::output::OutputArgs;
use crate::runtime;

/// The longest line, and the most bytes of all, since all are checked before anything is written.
const LONGEST_LINE: usize = 256 * 1024;
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// The arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = "Example: webhooksctl import acme.jsonl --dry-run")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    #[command(flatten)]
    secrets: SecretsArgs,

    #[command(flatten)]
    urls: UrlArgs,

    #[command(flatten)]
    headers: HeaderArgs,

    /// The file, an endpoint a line; `-` is standard input.
    file: PathBuf,

    /// The most endpoints of an account that has no limit of its own.
    #[arg(long, env, value_name = "NUMBER", default_value_t = 100)]
    max_endpoints_per_account: u32,

    /// Take lines that lack the signing secret, or the values of headers: such endpoints get a new secret, which their owners have to rotate
    /// to see one, and none of those headers.
    #[arg(long)]
    without_secrets: bool,

    /// Import what is right although other lines are wrong.
    #[arg(long)]
    skip_wrong: bool,

    /// Change nothing, and tell what would be done.
    #[arg(long)]
    dry_run: bool,

    /// Don't ask, however many endpoints it makes.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Imports.
pub(crate) fn run(arguments: &ImportArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let shards = runtime.block_on(Shards::find(&arguments.redis))?;
    let rules = Rules {
        urls: arguments.urls.policy(),
        types: runtime.block_on(plan::event_types(&shards))?,
        header_prefix: arguments.headers.header_prefix.clone(),
        without_secrets: arguments.without_secrets,
    };
    let (wanted, faults) = read(arguments, &rules)?;
    let plan = runtime.block_on(Plan::make(
        &shards,
        wanted,
        faults,
        arguments.max_endpoints_per_account,
    ))?;
    let mut report = Report::new(&plan, arguments.dry_run);
    if !plan.faults.is_empty() && !arguments.skip_wrong {
        report.print(arguments.output)?;
        bail!(
            "nothing was written: {} lines are wrong (--skip-wrong imports the others)",
            report.wrong()
        );
    }
    if !arguments.dry_run {
        let new = plan.new.len();
        confirm(&format!("make {new} endpoints"), new as u64, arguments.yes)?;
        runtime.block_on(write::write(plan.new, &shards, arguments, &mut report))?;
    }
    report.print(arguments.output)?;
    ensure!(report.wrong() == 0, "{} lines were not imported", report.wrong());
    Ok(())
}

/// All lines: those that are right, and what is wrong with the others.
fn read(arguments: &ImportArgs, rules: &Rules) -> anyhow::Result<(Vec<Wanted>, Vec<Fault>)> {
    let file = &arguments.file;
    let source: Box<dyn io::Read> = if file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let opened = std::fs::File::open(file);
        Box::new(opened.with_context(|| format!("{} can't be read", file.display()))?)
    };
    let (mut source, mut bytes, mut text) = (BufReader::new(source), 0, Vec::new());
    let (mut wanted, mut faults) = (Vec::new(), Vec::new());
    for number in 1.. {
        text.clear();
        let most = u64::try_from(LONGEST_LINE)? + 1;
        let length = io::Read::take(&mut source, most).read_until(b'\n', &mut text)?;
        bytes += length;
        ensure!(
            length <= LONGEST_LINE,
            "line {number} is longer than {LONGEST_LINE} bytes"
        );
        ensure!(
            bytes <= MOST_BYTES,
            "this is more than {MOST_BYTES} bytes: import it in parts"
        );
        if length == 0 {
            break;
        }
        let Ok(line) = str::from_utf8(&text) else {
            let says = "This is not UTF-8.".to_owned();
            faults.push(Fault {
                line: number,
                field: String::new(),
                says,
            });
            continue;
        };
        if line.trim().is_empty() {
            continue;
        }
        match rules.read(number, line) {
            Ok(one) => wanted.push(one),
            Err(wrong) => faults.extend(wrong),
        }
    }
    Ok((wanted, faults))
}
