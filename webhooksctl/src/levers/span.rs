//! Sends again what ended within a time span, of an endpoint or of all of an account: `requeue` what was exhausted, `replay` what is named.
//! Workers do it: a replay of many for each endpoint, as its owner can order one.

use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use domain::clock::Timestamp;
use domain::id::ReplayId;
use serde_json::{Value, json};
use store::replays::{ReplayCount, ReplaySpan, ReplayState, ReplayStatus, StartOutcome};

use super::budgets::BudgetArgs;
use super::{LeverArgs, Scope, deliveries};
use crate::hold::Target;
use crate::order::confirm;
use crate::runtime;

/// The longest span: what is exhausted is kept for two weeks, unless configured otherwise.
const MAX_MS: u64 = 31 * 86_400_000;

/// How long to wait before the next look at replays that run.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// The arguments of `requeue`.
#[derive(Debug, Args)]
pub(crate) struct RequeueArgs {
    #[command(flatten)]
    lever: LeverArgs,

    #[command(flatten)]
    budgets: BudgetArgs,

    /// The endpoint (`ep_…`) or the account (`org:…`, `user:…`).
    target: Target,

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
    replay_span(&arguments.lever, &arguments.budgets, &arguments.target, &span)
}

/// Begins a replay of many for each endpoint that has something to send again.
pub(super) fn replay_span(
    lever: &LeverArgs,
    budgets: &BudgetArgs,
    target: &Target,
    span: &Span,
) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let (counted, scope, wanted) = runtime.block_on(count(lever, target, span))?;
    let total: u64 = counted.iter().map(|count| count.matching).sum();
    let about = if counted.iter().any(|count| count.is_lower_bound) {
        format!("at least {}", deliveries(total))
    } else {
        deliveries(total)
    };
    if !lever.dry_run {
        confirm(&format!("send {about} of {target} again"), total, lever.yes)?;
    }
    let (mut lines, mut all, mut begun, mut busy) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for ((id, _), count) in scope.endpoints.iter().zip(&counted) {
        if count.matching == 0 && !count.is_lower_bound {
            continue;
        }
        let mut replay = Value::Null;
        if !lever.dry_run {
            let new = ReplayId::new(wanted.until.as_millis());
            let start = scope
                .store
                .start_replay(&scope.account, id, &new, &wanted, budgets.budgets());
            match runtime.block_on(start)? {
                StartOutcome::Started(_) => {
                    lines.push(format!(
                        "{new} sends {} of {id} again",
                        deliveries(count.matching)
                    ));
                    replay = json!(new);
                    begun.push((id.clone(), new));
                }
                StartOutcome::Running(other) => {
                    busy += 1;
                    lines.push(format!(
                        "{id} has a replay that runs, {other}: cancel it, or run this again once it has finished"
                    ));
                }
                StartOutcome::EndpointNotFound => {}
            }
        }
        all.push(json!({"id": id, "deliveries": count.matching, "isLowerBound": count.is_lower_bound, "replay": replay}));
    }
    let how = if lever.dry_run { "would be" } else { "are" };
    if busy == 0 {
        lines.push(format!("{about} of {target} {how} sent again"));
    }
    if span.wait && !lever.dry_run {
        runtime.block_on(finished(&scope, begun))?;
    }
    lever.print(
        &json!({"action": "replay", "target": target.to_string(), "account": scope.account, "status": wanted.status.as_str(),
            "since": wanted.since, "until": wanted.until, "dryRun": lever.dry_run, "deliveries": total, "endpoints": all}),
        &lines.join("\n"),
    )?;
    ensure!(
        busy == 0,
        "{busy} endpoints have a replay that runs: nothing more was begun for them"
    );
    Ok(())
}

/// How many deliveries of each endpoint would be sent again.
async fn count(
    lever: &LeverArgs,
    target: &Target,
    span: &Span,
) -> anyhow::Result<(Vec<ReplayCount>, Scope, ReplaySpan)> {
    let scope = lever.scope(target).await?;
    // What ended is dated by this clock.
    let now = scope.store.time().await?;
    let wanted = ReplaySpan {
        status: span.status,
        events: Vec::new(),
        since: span.since,
        until: span.until.unwrap_or(now),
    };
    let length = wanted.until.as_millis().checked_sub(wanted.since.as_millis());
    ensure!(
        length.is_some_and(|length| length <= MAX_MS),
        "the span must end after it begins, and be 31 days at most"
    );
    let mut counted = Vec::new();
    let progress = runtime::progress(|endpoints: usize| format!("counted for {endpoints} endpoints …"));
    for (id, _) in &scope.endpoints {
        let count = scope.store.count_replay(&scope.account, id, &wanted).await?;
        counted.push(count.unwrap_or(ReplayCount {
            matching: 0,
            is_lower_bound: false,
        }));
        progress(counted.len());
    }
    Ok((counted, scope, wanted))
}

/// Waits until workers have made all deliveries.
async fn finished(scope: &Scope, begun: Vec<(domain::id::EndpointId, ReplayId)>) -> anyhow::Result<()> {
    let progress = runtime::progress(|made: u64| format!("made {made} …"));
    let mut made_before = 0;
    for (endpoint, id) in begun {
        while let Some(replay) = scope.store.get_replay(&scope.account, &endpoint, &id).await? {
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
