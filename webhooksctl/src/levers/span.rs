//! Sends again what ended within a time span, of an endpoint, of all of an account, or of all: `requeue` what was exhausted, `replay` what is named.
//! Workers do it: a replay of many for each endpoint, as its owner can order one.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId, ReplayId};
use serde_json::{Value, json};
use store::Store;
use store::replays::{ReplayCount, ReplaySpan, ReplayState, ReplayStatus, StartOutcome};

use super::budgets::BudgetArgs;
use super::extent::Extent;
use super::reach::{MOST_FAILURES, Reach};
use super::target::{Target, TargetArgs};
use super::{LeverArgs, deliveries};
use crate::runtime;

/// The longest span: what is exhausted is kept for two weeks, unless configured otherwise.
const MAX_MS: u64 = 31 * 86_400_000;

/// How long to wait before the next look at replays that run.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// How many endpoints are told of to people.
const TOLD: usize = 100;

/// The arguments of `requeue`.
#[derive(Debug, Args)]
pub(crate) struct RequeueArgs {
    #[command(flatten)]
    lever: LeverArgs,

    #[command(flatten)]
    budgets: BudgetArgs,

    #[command(flatten)]
    target: TargetArgs,

    /// What was exhausted at this time or later, such as 2026-03-26T15:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Timestamp,

    /// What was exhausted until then. By default, until now.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,

    /// Wait until all replays have made their deliveries.
    #[arg(long)]
    wait: bool,
}

/// What is sent again.
pub(super) struct Span {
    pub(super) status: ReplayStatus,
    pub(super) since: Timestamp,
    pub(super) until: Option<Timestamp>,
    /// Whether to wait for it.
    pub(super) wait: bool,
}

/// `requeue`.
pub(crate) fn requeue(arguments: &RequeueArgs) -> anyhow::Result<()> {
    let span = Span {
        status: ReplayStatus::Exhausted,
        since: arguments.since,
        until: arguments.until,
        wait: arguments.wait,
    };
    replay_span(
        &arguments.lever,
        &arguments.budgets,
        &arguments.target.target(),
        &span,
    )
}

/// What is sent again of one endpoint.
struct Counted {
    store: Store,
    account: AccountId,
    endpoint: EndpointId,
    count: ReplayCount,
}

/// A replay that was begun.
struct Begun<'a> {
    of: &'a Counted,
    id: ReplayId,
}

/// Begins a replay of many for each endpoint that has something to send again.
pub(super) fn replay_span(
    lever: &LeverArgs,
    budgets: &BudgetArgs,
    target: &Target,
    span: &Span,
) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let reach = runtime.block_on(lever.reach(target))?;
    let (counted, wanted) = runtime.block_on(count(&reach, span))?;
    let total: u64 = counted.iter().map(|one| one.count.matching).sum();
    let about = if counted.iter().any(|one| one.count.is_lower_bound) {
        format!("at least {}", deliveries(total))
    } else {
        deliveries(total)
    };
    let accounts: BTreeSet<&str> = counted.iter().map(|one| one.account.as_str()).collect();
    let extent = Extent {
        accounts: accounts.len() as u64,
        endpoints: counted.len() as u64,
        deliveries: total,
    };
    if !lever.dry_run {
        reach.confirm(&format!("send {about} of {target} again"), extent, lever.yes)?;
    }
    let (mut lines, mut all, mut begun, mut busy, mut failed) = (Vec::new(), Vec::new(), Vec::new(), 0, 0);
    let of = counted.len();
    let progress = runtime::progress(|started: usize| format!("{started} of {of} replays have begun …"));
    for of in &counted {
        let Counted { endpoint, count, .. } = of;
        let mut replay = Value::Null;
        if !lever.dry_run {
            let id = ReplayId::new(wanted.until.as_millis());
            let start = of
                .store
                .start_replay(&of.account, endpoint, &id, &wanted, budgets.budgets());
            match runtime.block_on(start) {
                Err(error) => {
                    failed += 1;
                    eprintln!("webhooksctl: {endpoint} of {}: {error}", of.account);
                    if failed == MOST_FAILURES {
                        break;
                    }
                }
                Ok(StartOutcome::Started(_)) => {
                    lines.push(format!(
                        "{id} sends {} of {endpoint} again",
                        deliveries(count.matching)
                    ));
                    replay = json!(id);
                    begun.push(Begun { of, id });
                }
                Ok(StartOutcome::Running(other)) => {
                    busy += 1;
                    lines.push(format!(
                        "{endpoint} has a replay that runs, {other}: cancel it, or run this again once it has finished"
                    ));
                }
                Ok(StartOutcome::EndpointNotFound) => {}
            }
        }
        all.push(json!({"id": endpoint, "account": of.account, "deliveries": count.matching, "isLowerBound": count.is_lower_bound,
            "replay": replay}));
        progress(all.len());
    }
    let more = lines.len().saturating_sub(TOLD);
    lines.truncate(TOLD);
    if more > 0 {
        lines.push(format!("… and {more} more endpoints"));
    }
    if busy == 0 && failed == 0 {
        let how = if lever.dry_run { "would be" } else { "are" };
        let of_all = if reach.is_all() {
            format!(": {}", extent.described())
        } else {
            String::new()
        };
        lines.push(format!("{about} of {target} {how} sent again{of_all}"));
    }
    let waited = (span.wait && !lever.dry_run).then(|| runtime.block_on(finished(&begun)));
    lever.print(
        &json!({"action": "replay", "target": target.to_string(), "account": reach.account(), "status": wanted.status.as_str(),
            "since": wanted.since, "until": wanted.until, "dryRun": lever.dry_run, "deliveries": total,
            "accounts": extent.accounts, "endpoints": all}),
        &lines.join("\n"),
    )?;
    waited
        .transpose()
        .context("the replays go on, and nobody waits for them any more")?;
    ensure!(
        failed == 0,
        "{} of {of} replays have begun and go on. Name the accounts or endpoints that are missing: this command again would send what has begun once more",
        begun.len()
    );
    ensure!(
        busy == 0,
        "{busy} endpoints have a replay that runs: nothing more was begun for them"
    );
    Ok(())
}

/// How many deliveries would be sent again of each endpoint that has some.
async fn count(reach: &Reach, span: &Span) -> anyhow::Result<(Vec<Counted>, ReplaySpan)> {
    let mut wanted = ReplaySpan {
        status: span.status,
        events: Vec::new(),
        since: span.since,
        until: span.until.unwrap_or_default(),
    };
    if span.until.is_none() {
        // What ended is dated by this clock.
        wanted.until = reach.time().await?;
    }
    let length = wanted.until.as_millis().checked_sub(wanted.since.as_millis());
    ensure!(
        length.is_some_and(|length| length <= MAX_MS),
        "the span must end after it begins, and be 31 days at most"
    );
    let mut counted = Vec::new();
    reach
        .look_at_each("counted", async |scope| {
            let (store, account) = (&scope.store, &scope.account);
            for (endpoint, _) in &scope.endpoints {
                let count = store.count_replay(account, endpoint, &wanted).await?;
                let Some(count) = count.filter(|count| count.matching > 0 || count.is_lower_bound) else {
                    continue;
                };
                counted.push(Counted {
                    store: store.clone(),
                    account: account.clone(),
                    endpoint: endpoint.clone(),
                    count,
                });
            }
            Ok(())
        })
        .await?;
    Ok((counted, wanted))
}

/// Waits until workers have made all deliveries.
async fn finished(begun: &[Begun<'_>]) -> anyhow::Result<()> {
    let progress = runtime::progress(|made: u64| format!("made {made} …"));
    let mut made_before = 0;
    for Begun { of, id } in begun {
        while let Some(replay) = of.store.get_replay(&of.account, &of.endpoint, id).await? {
            progress(made_before + replay.made);
            if replay.state != ReplayState::Running {
                made_before += replay.made;
                break;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }
    Ok(())
}
