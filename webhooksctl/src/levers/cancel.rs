//! `cancel`: a delivery, what is unfinished of an event, or a replay that runs.

use anyhow::{Context as _, bail};
use clap::Args;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};
use serde_json::json;
use store::log::DeliveryPlace;
use store::replays::{Replay, ReplayState};

use super::{LeverArgs, deliveries};
use crate::order::confirm;
use crate::runtime;

/// The arguments of `cancel`.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    lever: LeverArgs,

    /// The delivery (`dlv_…`), the event (`evt_…`) or the replay (`rpl_…`).
    #[arg(required_unless_present = "all")]
    id: Option<String>,

    #[arg(long, hide = true)]
    all: bool,
}

/// Does it.
pub(crate) fn cancel(arguments: &CancelArgs) -> anyhow::Result<()> {
    let CancelArgs { lever, id, .. } = arguments;
    let Some(id) = id.as_ref().filter(|_| !arguments.all) else {
        bail!(
            "there is no `cancel --all`: what is canceled has a name (`dlv_…`, `evt_…`, `rpl_…`). All that waits is canceled by `webhooksctl discard --all`"
        );
    };
    let runtime = runtime::new()?;
    let (count, text) = if let Ok(delivery) = id.parse::<DeliveryId>() {
        runtime.block_on(one(lever, &delivery))?
    } else if let Ok(event) = id.parse::<EventId>() {
        runtime.block_on(all(lever, &event))?
    } else if let Ok(replay) = id.parse::<ReplayId>() {
        runtime.block_on(many(lever, &replay))?
    } else {
        bail!(
            "an id is `dlv_…`, `evt_…` or `rpl_…`; what waits for an endpoint or an account is canceled by `webhooksctl discard`"
        );
    };
    lever.print(
        &json!({"action": "cancel", "target": id, "dryRun": lever.dry_run, "deliveries": count}),
        &text,
    )
}

async fn one(lever: &LeverArgs, delivery: &DeliveryId) -> anyhow::Result<(u64, String)> {
    let shards = lever.shards().await?;
    let (account, store) = lever.of_endpoint(&shards, &delivery.endpoint()).await?;
    if lever.dry_run {
        let place = store.delivery_story(delivery).await?.place;
        if matches!(place, DeliveryPlace::Ended(_) | DeliveryPlace::Unknown) {
            bail!("{delivery} isn't unfinished");
        }
        return Ok((1, format!("{delivery} of {account} would be canceled")));
    }
    if !store.cancel_delivery(&account, delivery).await? {
        bail!("{delivery} was not canceled: it has ended, or is being discarded");
    }
    Ok((1, format!("{delivery} of {account} is canceled")))
}

async fn all(lever: &LeverArgs, event: &EventId) -> anyhow::Result<(u64, String)> {
    let shards = lever.shards().await?;
    for store in shards.all() {
        let Some(story) = store.event_story(event, None).await? else {
            continue;
        };
        let account = &story.account;
        let store = lever.ordered(shards.of(account));
        let unfinished = store.count_unfinished(account, event).await?;
        if lever.dry_run {
            let text = format!("{} of {event} would be canceled", deliveries(unfinished));
            return Ok((unfinished, text));
        }
        confirm(
            &format!("cancel {} of {event}", deliveries(unfinished)),
            unfinished,
            lever.yes,
        )?;
        let canceled = store.cancel_event(account, event).await?;
        return Ok((
            canceled,
            format!("{} of {event} of {account} are canceled", deliveries(canceled)),
        ));
    }
    bail!("nothing of {event} is unfinished")
}

async fn many(lever: &LeverArgs, id: &ReplayId) -> anyhow::Result<(u64, String)> {
    let shards = lever.shards().await?;
    for store in shards.all() {
        let record = store.replay_record(id).await?;
        if record.is_empty() {
            continue;
        }
        let field = |name: &str| record.get(name).with_context(|| format!("{id} has no {name}"));
        let account: AccountId = field("account")?.parse()?;
        let endpoint: EndpointId = field("endpoint")?.parse()?;
        let store = lever.ordered(shards.of(&account));
        let found = if lever.dry_run {
            store.get_replay(&account, &endpoint, id).await?
        } else {
            store.cancel_replay(&account, &endpoint, id).await?
        };
        let replay = found.with_context(|| format!("there is no replay {id}"))?;
        return Ok((replay.made, said(&replay, lever.dry_run)));
    }
    bail!("there is no replay {id}")
}

fn said(replay: &Replay, dry_run: bool) -> String {
    let Replay { id, made, .. } = replay;
    let made = deliveries(*made);
    match replay.state {
        ReplayState::Running if dry_run => {
            format!("{id} would be canceled: it has made {made}, which go on")
        }
        ReplayState::Running | ReplayState::Canceled => {
            format!("{id} is canceled: it has made {made}, which go on")
        }
        ReplayState::Finished => format!("{id} has finished: it has made {made}"),
    }
}
