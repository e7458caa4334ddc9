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
use super::target::Target;
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
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<String>,

    /// All accounts, one after the other; asks first, however little it is.
    #[arg(long)]
    all: bool,

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
    let Some(id) = id else {
        return of_span(arguments, &Target::All);
    };
    let sources = if let Ok(delivery) = id.parse::<DeliveryId>() {
        runtime.block_on(of_delivery(lever, &delivery))?
    } else if let Ok(event) = id.parse::<EventId>() {
        runtime.block_on(of_event(lever, &event, arguments.account.as_ref()))?
    } else {
        let target = id
            .parse()
            .map_err(|_| anyhow::anyhow!("an id is `dlv_…`, `evt_…`, `ep_…`, `org:…` or `user:…`"))?;
        return of_span(arguments, &target);
    };
    let Sources {
        store,
        account,
        ids,
        canceled,
    } = sources;
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
    if !canceled.is_empty() {
        lines.push(left_out(id, &canceled));
    }
    lever.print(
        &json!({"action": "replay", "target": id, "account": account, "dryRun": lever.dry_run, "deliveries": all,
            "canceled": canceled}),
        &lines.join("\n"),
    )
}

/// Of an endpoint, an account, or all.
fn of_span(arguments: &ReplayArgs, target: &Target) -> anyhow::Result<()> {
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
    replay_span(&arguments.lever, &arguments.budgets, target, &span)
}

/// How many that were canceled are named.
const NAMED: usize = 5;

/// What says that these are not sent again.
fn left_out(event: &str, canceled: &[DeliveryId]) -> String {
    let named: Vec<_> = canceled
        .iter()
        .take(NAMED)
        .map(|id| format!("`webhooksctl replay {id}`"))
        .collect();
    let more = match canceled.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{} of {event} canceled, and not sent again by this: {}{more}",
        if canceled.len() == 1 {
            "1 delivery was".to_owned()
        } else {
            format!("{} deliveries were", canceled.len())
        },
        named.join(", ")
    )
}

/// What is sent again.
struct Sources {
    store: Store,
    account: AccountId,
    ids: Vec<DeliveryId>,
    /// What was canceled, and isn't.
    canceled: Vec<DeliveryId>,
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
        canceled: Vec::new(),
    })
}

/// Those that have ended.
async fn of_event(lever: &LeverArgs, id: &EventId, account: Option<&AccountId>) -> anyhow::Result<Sources> {
    let shards = lever.shards().await?;
    for store in shards.all() {
        let Some(EventStory {
            account,
            deliveries,
            event,
            ..
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
        let store = lever.ordered(shards.of(&account));
        let kind = event.unwrap_or_default();
        let canceled = store.canceled_of(&account, id, &kind).await?;
        if !ids.is_empty() {
            return Ok(Sources {
                store,
                account,
                ids,
                canceled,
            });
        } else if !canceled.is_empty() {
            bail!(
                "nothing else of it has ended: {}",
                left_out(id.as_str(), &canceled)
            );
        }
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
