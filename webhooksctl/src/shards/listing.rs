//! `shards` alone: where each is, and how much there is to do.

use std::io::Write as _;

use anyhow::ensure;
use clap::Args;
use serde_json::{Value, json};
use store::overview::{KindMemory, Overview};
use store::settings::RedisArgs;
use store::{Store, StoreError};

use crate::runtime;
use crate::stores::stores;
use crate::table::{Table, age, size, span};

/// The arguments of the list.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What one shard says of itself.
struct Seen {
    overview: Overview,
    /// What its keys take of the server's memory, from a sample.
    memory: KindMemory,
}

/// Prints a line for each shard; fails when one can't be asked.
pub(super) fn list(arguments: &ListArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let mut seen = Vec::new();
    for store in runtime.block_on(stores(&arguments.redis))? {
        let looked = runtime.block_on(look(&store));
        seen.push((store, looked.map_err(|error| error.to_string())));
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let all: Vec<_> = seen.iter().map(|(store, found)| shown(store, found)).collect();
        writeln!(out, "{}", json!({"shards": all}))?;
    } else {
        write!(out, "{}", table(&seen).text())?;
    }
    let away = seen.iter().filter(|(_, found)| found.is_err()).count();
    ensure!(away == 0, "{away} of {} shards can't be asked", seen.len());
    Ok(())
}

async fn look(store: &Store) -> Result<Seen, StoreError> {
    let overview = store.overview().await?;
    let mut memory = KindMemory::default();
    for of_kind in store.memory_by_kind().await?.values() {
        memory.keys += of_kind.keys;
        memory.bytes += of_kind.bytes;
    }
    Ok(Seen { overview, memory })
}

fn shown(store: &Store, found: &Result<Seen, String>) -> Value {
    let mut shown = json!({"shard": store.shard().number, "server": store.served_by()});
    match found {
        Ok(Seen {
            overview: seen,
            memory,
        }) => {
            let totals = seen.totals();
            let oldest = totals.oldest.map(|oldest| oldest.accepted_at);
            shown["accounts"] = seen.accounts.len().into();
            shown["endpoints"] = seen.endpoints.len().into();
            shown["waiting"] = totals.waiting.into();
            shown["inFlight"] = totals.in_flight.into();
            shown["retrying"] = totals.retrying.into();
            shown["parked"] = totals.parked.into();
            shown["oldestAcceptedAt"] = json!(oldest);
            shown["succeededLastHour"] = last_hour(seen).into();
            shown["keys"] = memory.keys.into();
            shown["bytes"] = memory.bytes.into();
        }
        Err(error) => shown["error"] = error.as_str().into(),
    }
    shown
}

fn table(seen: &[(Store, Result<Seen, String>)]) -> Table {
    let mut table = Table::new(&[
        "shard",
        "server",
        "accounts",
        "waiting",
        "oldest",
        "in flight",
        "retrying",
        "parked",
        "ok/h",
        "memory",
    ]);
    for (store, found) in seen {
        let begin = [store.shard().number.to_string(), store.served_by()];
        match found {
            Ok(Seen {
                overview: seen,
                memory,
            }) => {
                let totals = seen.totals();
                let oldest = totals.oldest.as_ref().map_or_else(
                    || "-".to_owned(),
                    |oldest| span(age(oldest.accepted_at, seen.now)),
                );
                let counts = [
                    seen.accounts.len().to_string(),
                    totals.waiting.to_string(),
                    oldest,
                    totals.in_flight.to_string(),
                    totals.retrying.to_string(),
                    totals.parked.to_string(),
                    last_hour(seen).to_string(),
                    size(memory.bytes),
                ];
                table.row(begin.into_iter().chain(counts));
            }
            Err(error) => table.row(begin.into_iter().chain([error.clone()])),
        }
    }
    table
}

/// Deliveries that succeeded in about the last hour.
fn last_hour(seen: &Overview) -> u64 {
    seen.accounts.values().map(|load| load.succeeded).sum()
}
