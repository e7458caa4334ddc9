//! `workers` tells who runs and what each holds, with the rights of `operator`; `drain` has one take nothing new.

mod drain;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;
use domain::clock::Timestamp;
use serde_json::{Value, json};
use store::Store;
use store::settings::RedisArgs;
use store::workers::{Held, WorkerName, WorkerRow, Workers};

use crate::runtime;
use crate::stores::{ask_each, stores};
use crate::table::{Table, age, span};

pub(crate) use self::drain::{DrainArgs, drain};

/// How many accounts stand in a row of the table.
const ACCOUNTS: usize = 3;

/// How many accounts and endpoints are counted in JSON for each worker, those with most.
const COUNTED: usize = 100;

/// The arguments of `workers`.
#[derive(Debug, Args)]
pub(crate) struct WorkersArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// Only this worker, and what it holds, delivery by delivery. The beginning of its name is enough.
    worker: Option<String>,

    /// How many deliveries of each worker are named, those whose leases expire first.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    limit: u32,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// `workers`.
pub(crate) fn workers(arguments: &WorkersArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let most = usize::try_from(arguments.limit)?;
    let mut seen = runtime.block_on(async { look(&stores(&arguments.redis).await?, most).await })?;
    if let Some(wanted) = &arguments.worker {
        let (name, row) = chosen(&seen, wanted)?;
        seen.rows = BTreeMap::from([(name.clone(), row.clone())]);
        seen.unknown = Held::default();
    }
    let text = if arguments.json {
        format!("{}\n", as_json(&seen))
    } else if arguments.worker.is_some() {
        format!("{}\n{}", table(&seen), leases(&seen))
    } else {
        table(&seen)
    };
    write!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// What all shards know together.
async fn look(stores: &[Store], most: usize) -> anyhow::Result<Workers> {
    let mut all = Workers::default();
    for seen in ask_each(stores, async |store| store.workers(most).await).await? {
        all.merge(seen, most);
    }
    Ok(all)
}

/// The worker of this name, or the only one whose name begins like that.
fn chosen<'a>(seen: &'a Workers, wanted: &str) -> anyhow::Result<(&'a WorkerName, &'a WorkerRow)> {
    let is_exact = |name: &WorkerName| name.as_str() == wanted;
    if let Some(found) = seen.rows.iter().find(|(name, _)| is_exact(name)) {
        return Ok(found);
    }
    let mut found = seen
        .rows
        .iter()
        .filter(|(name, _)| name.as_str().starts_with(wanted));
    let first = found
        .next()
        .with_context(|| format!("there is no worker {wanted}: `webhooksctl workers` lists them"))?;
    if let Some((other, _)) = found.next() {
        bail!("both {} and {other} begin with {wanted}", first.0);
    }
    Ok(first)
}

/// Whom most of it is for.
fn most_of<K: ToString>(counts: &BTreeMap<K, u64>, most: usize) -> Vec<(String, u64)> {
    let mut all: Vec<_> = counts
        .iter()
        .map(|(of, count)| (of.to_string(), *count))
        .collect();
    all.sort_by_key(|(_, count)| Reverse(*count));
    all.truncate(most);
    all
}

/// What a worker does, as far as one may believe it.
fn doing(row: &WorkerRow) -> &str {
    match row.state.as_str() {
        "serving" if row.drain_since.is_some() => "to be drained",
        "draining" if row.held.leases == 0 => "drained",
        state => state,
    }
}

fn table(seen: &Workers) -> String {
    let mut table = Table::new(&[
        "worker",
        "version",
        "up",
        "slots",
        "in flight",
        "seen",
        "state",
        "holds",
    ]);
    for (name, row) in &seen.rows {
        table.row([
            name.to_string(),
            row.version.clone(),
            row.started_at
                .map_or_else(String::new, |started| span(age(started, seen.now))),
            row.slots.to_string(),
            row.held.leases.to_string(),
            format!("{} ago", span(age(row.seen_at, seen.now))),
            doing(row).to_owned(),
            holds(&row.held),
        ]);
    }
    let mut text = if seen.rows.is_empty() {
        "no worker runs\n".to_owned()
    } else {
        table.text()
    };
    let Held { leases, expired, .. } = &seen.unknown;
    if *leases > 0 {
        text += &format!(
            "\n{leases} in flight at workers that have died, or tell nobody of themselves ({expired} of these leases have expired, and are taken back): {}\n",
            holds(&seen.unknown)
        );
    }
    if seen.is_cut {
        text += "\nThere is more in flight than is looked at.\n";
    }
    text
}

fn holds(held: &Held) -> String {
    let mut parts: Vec<_> = most_of(&held.accounts, ACCOUNTS)
        .into_iter()
        .map(|(account, count)| format!("{count} of {account}"))
        .collect();
    if held.accounts.len() > ACCOUNTS {
        parts.push(format!("… {} accounts", held.accounts.len()));
    }
    parts.join(", ")
}

/// Each delivery that is held.
fn leases(seen: &Workers) -> String {
    let mut table = Table::new(&["delivery", "account", "destination", "attempt", "lease expires"]);
    for lease in seen.rows.values().flat_map(|row| &row.held.some) {
        table.row([
            lease.delivery.to_string(),
            lease.account.clone(),
            lease.destination.clone(),
            lease.attempt.to_string(),
            lease
                .until
                .as_ref()
                .map_or_else(String::new, Timestamp::to_string),
        ]);
    }
    table.text()
}

fn as_json(seen: &Workers) -> Value {
    let workers = seen.rows.iter().map(|(name, row)| {
        json!({
            "name": name.as_str(), "host": row.host, "version": row.version, "slots": row.slots, "state": row.state,
            "drainSince": row.drain_since, "startedAt": row.started_at, "seenAt": row.seen_at,
            "seenSecondsAgo": age(row.seen_at, seen.now), "shards": row.shards, "inFlight": row.held.leases, "holds": held_json(&row.held),
        })
    });
    json!({
        "at": seen.now, "workers": workers.collect::<Vec<_>>(), "unknown": held_json(&seen.unknown), "isCut": seen.is_cut,
    })
}

fn held_json(held: &Held) -> Value {
    let counted = |counts: Vec<(String, u64)>| {
        let each = counts
            .into_iter()
            .map(|(of, count)| json!({"id": of, "inFlight": count}));
        each.collect::<Vec<_>>()
    };
    let deliveries = held.some.iter().map(|lease| {
        json!({
            "id": lease.delivery, "endpoint": lease.delivery.endpoint(), "account": lease.account,
            "destination": lease.destination, "attempt": lease.attempt, "leaseExpiresAt": lease.until,
        })
    });
    json!({
        "inFlight": held.leases, "expired": held.expired, "accounts": counted(most_of(&held.accounts, COUNTED)),
        "endpoints": counted(most_of(&held.endpoints, COUNTED)), "deliveries": deliveries.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
