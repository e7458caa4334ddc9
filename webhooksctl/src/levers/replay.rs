//! `replay`: sends again what was finished: a delivery, an event, or what ended of an endpoint or an account within a time span.

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EventId};
use serde_json::json;
use store::Store;
use store::log::{DeliveryPlace, EventStory};
use store::replays::{ReplayOutcome, ReplayStatus};

use super::budgets::BudgetArgs;
use super::span::{Span, replay_span};
use super::{LeverArgs, deliveries};
use crate::order::confirm;
use crate::runtime;

/// The arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    lever: LeverArgs,

    #[command(flatten)]
    budgets: BudgetArgs,

    /// The delivery (`dlv_…`), the event (`evt_…`), the endpoint (`ep_…`) or the account (`org:…`, `user:…`).
    id: String,

    /// Of an endpoint or an account: what ended at this time or later, such as 2026-03-26T15:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,

    /// Of an endpoint or an account: what ended until then. By default, until now.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,

    /// Of an endpoint or an account: how it ended. `undelivered`: exhausted or canceled, and no replay has delivered it since.
    #[arg(long, value_enum, default_value_t = Status::Undelivered)]
    status: Status,

    /// Of an endpoint or an account: wait until all replays have made their deliveries.
    #[arg(long)]
    wait: bool,

    /// The event's account: once an event has finished and was packed, only its account's history has it.
    #[arg(long)]
    account: Option<AccountId>,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    Exhausted,
    Succeeded,
    Undelivered,
}

/// Does it.
pub(crate) fn replay(arguments: &ReplayArgs) -> anyhow::Result<()> {
    let ReplayArgs { lever, id, .. } = arguments;
    let runtime = runtime::new()?;
    let sources = if let Ok(delivery) = id.parse::<DeliveryId>() {
        runtime.block_on(of_delivery(lever, &delivery))?
    } else if let Ok(event) = id.parse::<EventId>() {
        runtime.block_on(of_event(lever, &event, arguments.account.as_ref()))?
    } else {
        let target = id
            .parse()
            .map_err(|_| anyhow::anyhow!("an id is `dlv_…`, `evt_…`, `ep_…`, `org:…` or `user:…`"))?;
        let span = Span {
            status: match arguments.status {
                Status::Exhausted => ReplayStatus::Exhausted,
                Status::Succeeded => ReplayStatus::Succeeded,
                Status::Undelivered => ReplayStatus::Undelivered,
            },
            since: arguments
                .since
                .context("say since when, such as --since 2026-03-26T15:30:00Z")?,
            until: arguments.until,
            wait: arguments.wait,
        };
        return replay_span(lever, &arguments.budgets, &target, &span);
    };
    let Sources { store, account, ids } = sources;
    let count = ids.len() as u64;
    if !lever.dry_run {
        confirm(
            &format!("send {} of {id} again", deliveries(count)),
            count,
            lever.yes,
        )?;
    }
    let (mut lines, mut all) = (Vec::new(), Vec::new());
    for source in ids {
        let new = source.replay();
        let came = if lever.dry_run {
            "would be sent again"
        } else {
            let budgets = arguments.budgets.budgets();
            let outcome = store.replay_delivery(&account, &source, &new, budgets);
            said(runtime.block_on(outcome)?)
        };
        lines.push(if lever.dry_run {
            format!("{source} of {account} {came}")
        } else {
            format!("{source} of {account} {came}: {new}")
        });
        all.push(json!({"id": source, "replay": (!lever.dry_run).then_some(new), "result": came}));
    }
    lever.print(
        &json!({"action": "replay", "target": id, "account": account, "dryRun": lever.dry_run, "deliveries": all}),
        &lines.join("\n"),
    )
}

/// What is sent again.
struct Sources {
    store: Store,
    account: AccountId,
    ids: Vec<DeliveryId>,
}

async fn of_delivery(lever: &LeverArgs, id: &DeliveryId) -> anyhow::Result<Sources> {
    let shards = lever.shards().await?;
    let (account, store) = lever.of_endpoint(&shards, &id.endpoint()).await?;
    // What was canceled is in no log by its id, but its event is known.
    let is_unknown = matches!(store.delivery_story(id).await?.place, DeliveryPlace::Unknown);
    if is_unknown && store.event_story(&id.event(), Some(&account)).await?.is_none() {
        bail!("nothing is known of {id}, or no longer");
    }
    Ok(Sources {
        store,
        account,
        ids: vec![id.clone()],
    })
}

/// Those that have ended.
async fn of_event(lever: &LeverArgs, id: &EventId, account: Option<&AccountId>) -> anyhow::Result<Sources> {
    for store in lever.shards().await?.all() {
        let Some(EventStory {
            account, deliveries, ..
        }) = store.event_story(id, account).await?
        else {
            continue;
        };
        let have_ended = deliveries
            .into_iter()
            .filter(|one| matches!(one.place, DeliveryPlace::Ended(_)));
        let ids: Vec<_> = have_ended
            .map(|one| one.id)
            .filter(|id| !id.is_replay())
            .collect();
        if ids.is_empty() {
            continue;
        }
        let store = lever.of(&account).await?;
        return Ok(Sources { store, account, ids });
    }
    bail!("of {id} no delivery is known that has ended; once it was packed, --account names whose it is")
}

const fn said(outcome: ReplayOutcome) -> &'static str {
    match outcome {
        ReplayOutcome::Pending => "is sent again",
        ReplayOutcome::Parked => "is sent again once its endpoint is active",
        ReplayOutcome::Expired => "is not sent again, since its payload is gone",
        ReplayOutcome::OverBudget => "is not sent again, since its account has too much that is unfinished",
        ReplayOutcome::EndpointNotFound => "is not sent again, since its endpoint is gone",
    }
}
