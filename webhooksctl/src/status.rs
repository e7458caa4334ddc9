//! `status`: how much there is to do, how old it is, and how Redis does. Changes nothing; the rights of `operator` suffice.

mod json;

mod look;

mod pace;

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use clap::Args;
use store::server::ServerLook;
use store::settings::RedisArgs;

use self::look::{Status, look};
use crate::runtime;
use crate::stores::stores;
use crate::table::{Table, age, size, span};

/// How often `--watch` looks again.
const EVERY: Duration = Duration::from_secs(2);

/// The arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// What Redis may use, if that is less than its `maxmemory`: as the workers have it.
    #[arg(long, env = "STORE_BUDGET_BYTES", value_name = "BYTES")]
    store_budget_bytes: Option<u64>,

    /// Print JSON, with `--watch` a line each time.
    #[arg(long)]
    json: bool,

    /// Look again every two seconds, and show the latest look in place.
    #[arg(long)]
    watch: bool,
}

/// Prints the status, once or until it is interrupted.
pub(crate) fn run(arguments: &StatusArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let stores = runtime.block_on(stores(&arguments.redis))?;
    runtime.block_on(async {
        let mut before = None;
        loop {
            let looked = look(&stores, arguments.store_budget_bytes, before.as_ref()).await;
            let text = match looked {
                Ok(status) => {
                    let text = if arguments.json {
                        format!("{}\n", status.json())
                    } else {
                        status.text()?
                    };
                    before = Some(status.last_readings());
                    text
                }
                // Whoever watches an outage wants to see its end.
                Err(error) if arguments.watch => {
                    eprintln!("webhooksctl: {error:#}");
                    tokio::time::sleep(EVERY).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut out = std::io::stdout().lock();
            if arguments.watch && !arguments.json && out.is_terminal() {
                // To the first line, and nothing behind what is written.
                write!(out, "\x1b[H{}\x1b[J", text.replace('\n', "\x1b[K\n"))?;
            } else {
                write!(out, "{text}")?;
            }
            out.flush()?;
            drop(out);
            if !arguments.watch {
                return Ok(());
            }
            tokio::time::sleep(EVERY).await;
        }
    })
}

impl Status {
    fn text(&self) -> anyhow::Result<String> {
        let Self { overview, totals, .. } = self;
        let mut text = format!("{}\n\n", overview.now);
        let mut table = Table::new(&["deliveries", "", ""]);
        let oldest = totals.oldest.as_ref().map_or_else(String::new, |oldest| {
            let waits = span(age(oldest.accepted_at, overview.now));
            format!(
                "the oldest for {waits}: {} at {}",
                oldest.delivery, oldest.endpoint
            )
        });
        let expired = match overview.expired_leases {
            0 => String::new(),
            expired => format!("{expired} with an expired lease"),
        };
        for (name, count, more) in [
            ("waiting", totals.waiting, oldest),
            ("held", totals.held, String::new()),
            ("in flight", totals.in_flight, expired),
            (
                "retrying",
                totals.retrying,
                format!("{} due within the hour", totals.due_within_hour),
            ),
            ("parked", totals.parked, String::new()),
            ("quarantined", totals.quarantined, String::new()),
            ("being discarded", overview.sweeping, String::new()),
            ("being released", overview.releasing, String::new()),
            ("succeeded", totals.succeeded, per_second(totals.succeeded)),
            (
                "exhausted",
                totals.exhausted,
                "in the last hour, about".to_owned(),
            ),
            (
                "failed attempts",
                totals.failed,
                "in the last hour, about".to_owned(),
            ),
        ] {
            table.row([name.to_owned(), count.to_string(), more]);
        }
        text.push_str(&table.text());
        text.push('\n');
        for line in [self.pace(), self.backlog(), self.memory_left(), self.books()] {
            writeln!(text, "{line}")?;
        }
        let states: Vec<_> = totals
            .endpoints
            .iter()
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        write!(
            text,
            "\n{} accounts; endpoints: {}; {} of unfinished payloads\n\n",
            overview.accounts.len(),
            if states.is_empty() {
                "none".to_owned()
            } else {
                states.join(", ")
            },
            size(totals.bytes)
        )?;
        if overview.is_cut {
            text.push_str(
                "There are more endpoints or accounts than are looked at: all is more than this.\n\n",
            );
        }
        let mut kinds: Vec<_> = self.memory.iter().collect();
        kinds.sort_by_key(|(_, of_it)| std::cmp::Reverse(of_it.bytes));
        let mut table = Table::new(&["memory, about", "keys", "size"]);
        for (kind, of_it) in kinds.into_iter().take(8) {
            table.row([kind.clone(), of_it.keys.to_string(), size(of_it.bytes)]);
        }
        text.push_str(&table.text());
        for server in &self.servers {
            text.push_str(&described(server)?);
        }
        Ok(text)
    }
}

fn per_second(count: u64) -> String {
    format!(
        "in the last hour, about: {}.{:02} per second",
        count / 3_600,
        count % 3_600 * 100 / 3_600
    )
}

fn described(server: &ServerLook) -> anyhow::Result<String> {
    let mut text = format!(
        "\n{}, up {}: {}",
        server.version,
        span(server.uptime),
        size(server.memory.used)
    );
    match server.memory.max.filter(|max| *max > 0) {
        Some(max) => write!(
            text,
            " of {} ({} %)",
            size(max),
            server.memory.used.saturating_mul(100) / max
        )?,
        None => text.push_str(", without a limit"),
    }
    write!(
        text,
        ", {} connections, {} commands per second",
        server.clients, server.commands_per_second
    )?;
    if server.evicted > 0 {
        write!(text, ", {} keys EVICTED", server.evicted)?;
    }
    if let Some(replication) = &server.replication {
        write!(
            text,
            ", {} with {} replicas",
            replication.role(),
            replication.replicas
        )?;
    }
    text.push('\n');
    for warning in &server.warnings {
        writeln!(text, "! {}", warning.message)?;
    }
    Ok(text)
}
