//! `tail`: attempts as they are logged, a line for each. Changes nothing, blocks nothing; the rights of `operator` suffice.

mod line;

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use clap::Args;
use domain::id::{AccountId, EndpointId};
use program::config::{Span, positive_span};
use store::live::{LiveEntry, LiveLogs, LiveScope};
use store::settings::RedisArgs;
use store::shards::Shards;

use crate::runtime;
use crate::stores::endpoint_in;

/// How long to wait before the next look, at least.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// After a look that took long, so many times that: whatever there is to read, Redis has time for others.
const REST: u32 = 10;

/// The arguments of `tail`.
#[derive(Debug, Args)]
#[command(after_help = "Example: webhooksctl tail --account org:acme --failed --for 10m")]
pub(crate) struct TailArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// Only of this account (`org:…`, `user:…`).
    #[arg(long, value_parser = AccountId::from_outside, conflicts_with = "endpoint")]
    account: Option<AccountId>,

    /// Only of this endpoint (`ep_…`).
    #[arg(long)]
    endpoint: Option<EndpointId>,

    /// Only of this event type.
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,

    /// Only what failed, or ended without success.
    #[arg(long)]
    failed: bool,

    /// End after this long, such as 30s. Without it, Ctrl-C ends it.
    #[arg(long, value_name = "SPAN", value_parser = positive_span)]
    r#for: Option<Span>,

    /// End after so many lines.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    max: Option<u64>,

    /// Print a JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Follows the logs.
pub(crate) fn run(arguments: &TailArgs) -> anyhow::Result<()> {
    runtime::new()?.block_on(follow(arguments))
}

async fn follow(arguments: &TailArgs) -> anyhow::Result<()> {
    let shards = Shards::find(&arguments.redis).await?;
    let mut all = Vec::new();
    if let Some(endpoint) = &arguments.endpoint {
        let (store, account) = endpoint_in(&shards, endpoint).await?;
        all.push(
            store
                .live_logs(LiveScope::Endpoint(account, endpoint.clone()))
                .await?,
        );
    } else if let Some(account) = &arguments.account {
        let scope = LiveScope::Account(account.clone());
        all.push(shards.of(account).live_logs(scope).await?);
    } else {
        for store in shards.all() {
            all.push(store.live_logs(LiveScope::All).await?);
        }
    }
    // What a pipe reads begins here, too.
    eprintln!("following; Ctrl-C ends it");
    let until = arguments.r#for.map(|span| Instant::now() + span.0);
    let (mut told, mut unfollowed) = (0, 0);
    loop {
        let began = Instant::now();
        let is_last = until.is_some_and(|until| began >= until);
        let (entries, missed) = look(&mut all).await?;
        for found in entries.iter().filter(|found| is_wanted(arguments, found)) {
            match tell(arguments, found) {
                // Whoever read it has gone.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
            told += 1;
            if arguments.max == Some(told) {
                return Ok(());
            }
        }
        missed.tell(&mut unfollowed);
        if is_last {
            return Ok(());
        }
        let rest = LOOK_EVERY.max(began.elapsed() * REST);
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        tokio::time::sleep(left.map_or(rest, |left| rest.min(left))).await;
    }
}

/// What a look couldn't show.
#[derive(Debug, Default)]
struct Missed {
    entries: u64,
    is_lower_bound: bool,
    unfollowed: usize,
}

impl Missed {
    /// Says so on standard error; how many endpoints aren't followed only when that has changed.
    fn tell(&self, unfollowed: &mut usize) {
        let Self {
            entries,
            is_lower_bound,
            unfollowed: now,
        } = *self;
        if entries > 0 {
            let at_least = if is_lower_bound { "at least " } else { "" };
            eprintln!("… {at_least}{entries} left out: they come faster than they are read");
        }
        if now != *unfollowed {
            eprintln!("… {now} endpoints are not followed: name an account or an endpoint");
            *unfollowed = now;
        }
    }
}

/// What was logged in all shards since the look before, the oldest first.
async fn look(all: &mut [LiveLogs]) -> anyhow::Result<(Vec<LiveEntry>, Missed)> {
    let (mut entries, mut missed) = (Vec::new(), Missed::default());
    for logs in all {
        let seen = logs.look().await?;
        entries.extend(seen.entries);
        missed.entries += seen.left_out;
        missed.is_lower_bound |= seen.is_lower_bound;
        missed.unfollowed += seen.unfollowed;
    }
    entries.sort_by_key(|found| found.entry.id);
    Ok((entries, missed))
}

fn is_wanted(arguments: &TailArgs, found: &LiveEntry) -> bool {
    let attempt = line::attempt_of(found);
    let is_of_type = match &arguments.event_type {
        Some(wanted) => attempt.is_some_and(|attempt| attempt.event == *wanted),
        None => true,
    };
    is_of_type && (!arguments.failed || attempt.is_some_and(line::has_failed))
}

fn tell(arguments: &TailArgs, found: &LiveEntry) -> io::Result<()> {
    let text = if arguments.json {
        line::as_json(found).to_string()
    } else {
        line::as_text(found)
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
