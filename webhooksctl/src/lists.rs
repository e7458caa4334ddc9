//! `accounts` and `endpoints`: who has the most of something. Changes nothing; the rights of `operator` suffice.

use std::cmp::Reverse;
use std::io::Write as _;

use clap::{Args, ValueEnum};
use domain::clock::Timestamp;
use serde_json::{Value, json};
use store::overview::{AccountLoad, EndpointLoad};
use store::settings::RedisArgs;

use crate::runtime;
use crate::stores::{overview, stores};
use crate::table::{Table, age, size, span};

/// What to sort by; the largest first.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    /// What waits, retries or is parked.
    Backlog,
    /// How long the delivery waits that is next.
    Age,
    /// What was delivered within the hour.
    Rate,
    /// Bytes of unfinished payloads; of an endpoint, what its queues take.
    Bytes,
    /// Attempts that failed within the hour.
    Failures,
}

/// The arguments of both.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// What to sort by, the largest first.
    #[arg(long, value_enum, default_value_t = Sort::Backlog)]
    sort: Sort,

    /// How many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// `accounts`.
pub(crate) fn accounts(arguments: &ListArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let seen = runtime.block_on(async { overview(&stores(&arguments.redis).await?).await })?;
    let mut all: Vec<_> = seen.accounts.iter().collect();
    all.sort_by_key(|(_, load)| {
        Reverse(match arguments.sort {
            Sort::Backlog => load.backlog(),
            Sort::Age => waits(load.oldest, seen.now),
            Sort::Rate => load.succeeded,
            Sort::Bytes => load.bytes,
            Sort::Failures => load.failed,
        })
    });
    all.truncate(usize::try_from(arguments.limit)?);
    if arguments.json {
        let all: Vec<_> = all
            .iter()
            .map(|(id, load)| of_account(id.as_str(), load, seen.now))
            .collect();
        return print(&format!(
            "{}\n",
            json!({"at": seen.now, "accounts": all, "isCut": seen.is_cut})
        ));
    }
    let mut table = Table::new(&[
        "account",
        "endpoints",
        "waiting",
        "oldest",
        "in flight",
        "retrying",
        "parked",
        "bytes",
        "ok/h",
        "failed/h",
        "exhausted/h",
    ]);
    for (id, load) in all {
        let counts = [load.succeeded, load.failed, load.exhausted].map(|count| count.to_string());
        let row = [
            id.to_string(),
            load.endpoints.to_string(),
            load.waiting.to_string(),
            oldest(load.oldest, seen.now),
            load.in_flight.to_string(),
            load.retrying.to_string(),
            load.parked.to_string(),
            size(load.bytes),
        ];
        table.row(row.into_iter().chain(counts));
    }
    print(&table.text())
}

/// `endpoints`.
pub(crate) fn endpoints(arguments: &ListArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let seen = runtime.block_on(async { overview(&stores(&arguments.redis).await?).await })?;
    let mut all: Vec<_> = seen.endpoints.iter().collect();
    all.sort_by_key(|(_, load)| {
        Reverse(match arguments.sort {
            Sort::Backlog => load.backlog(),
            Sort::Age => waits(load.oldest(), seen.now),
            Sort::Rate => load.succeeded,
            Sort::Bytes => load.bytes,
            Sort::Failures => load.failed,
        })
    });
    all.truncate(usize::try_from(arguments.limit)?);
    if arguments.json {
        let all: Vec<_> = all
            .iter()
            .map(|(id, load)| of_endpoint(id.as_str(), load, seen.now))
            .collect();
        return print(&format!(
            "{}\n",
            json!({"at": seen.now, "endpoints": all, "isCut": seen.is_cut})
        ));
    }
    let mut table = Table::new(&[
        "endpoint",
        "account",
        "state",
        "waiting",
        "oldest",
        "in flight",
        "retrying",
        "parked",
        "queues",
        "ok/h",
        "failed/h",
        "in a row",
    ]);
    for (id, load) in all {
        let counts = [load.succeeded, load.failed, load.failures].map(|count| count.to_string());
        let row = [
            id.to_string(),
            load.account.as_ref().map(ToString::to_string).unwrap_or_default(),
            if load.held_until.is_some() {
                "held".to_owned()
            } else {
                load.state.clone()
            },
            load.waiting.to_string(),
            oldest(load.oldest(), seen.now),
            load.in_flight.to_string(),
            load.retrying.to_string(),
            load.parked.to_string(),
            size(load.bytes),
        ];
        table.row(row.into_iter().chain(counts));
    }
    print(&table.text())
}

/// An account as JSON.
pub(crate) fn of_account(id: &str, load: &AccountLoad, now: Timestamp) -> Value {
    json!({
        "id": id, "endpoints": load.endpoints, "waiting": load.waiting, "inFlight": load.in_flight, "retrying": load.retrying,
        "parked": load.parked, "oldestAcceptedAt": load.oldest, "oldestAgeSeconds": load.oldest.map(|at| age(at, now)),
        "unfinishedBytes": load.bytes, "operatorHold": load.hold,
        "lastHour": {"succeeded": load.succeeded, "failedAttempts": load.failed, "exhausted": load.exhausted},
    })
}

/// An endpoint as JSON.
pub(crate) fn of_endpoint(id: &str, load: &EndpointLoad, now: Timestamp) -> Value {
    json!({
        "id": id, "account": load.account, "url": load.url, "state": load.state, "heldUntil": load.held_until,
        "waiting": load.waiting, "inFlight": load.in_flight, "retrying": load.retrying, "dueWithinHour": load.due_within_hour,
        "parked": load.parked, "oldestAcceptedAt": load.oldest(), "oldestAgeSeconds": load.oldest().map(|at| age(at, now)),
        "nextRetryAt": load.next_retry, "consecutiveFailures": load.failures, "queueBytes": load.bytes,
        "operatorHold": load.operator_hold, "rateLimit": load.rate_limit, "lastError": load.last_error,
        "lastHour": {"succeeded": load.succeeded, "failedAttempts": load.failed},
    })
}

fn waits(oldest: Option<Timestamp>, now: Timestamp) -> u64 {
    oldest.map_or(0, |at| now.as_millis().saturating_sub(at.as_millis()))
}

fn oldest(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(|| "-".to_owned(), |at| span(age(at, now)))
}

fn print(text: &str) -> anyhow::Result<()> {
    write!(std::io::stdout(), "{text}")?;
    Ok(())
}
