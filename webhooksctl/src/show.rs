//! `show`: the whole story of an event, a delivery, an endpoint, a replay or an account; `why`: one sentence about an event. Both change
//! nothing; the rights of `operator` suffice.

mod sentence;

mod story;

use std::io::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};
use serde_json::{Value, json};
use store::Store;
use store::log::{EntryId, EventStory};
use store::settings::RedisArgs;

use crate::lists::{of_account, of_endpoint};
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::stores;

use self::sentence::{of_delivery, of_event};

/// How many entries of an endpoint's log are shown.
const ENTRIES: usize = 10;

/// The arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// What: `evt_…`, `dlv_…`, `ep_…`, `rpl_…`, `org:…` or `user:…`.
    id: String,

    /// The event's account: once an event has finished and was packed, only its account's history has it.
    #[arg(long)]
    account: Option<AccountId>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The arguments of `why`.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// The event: `evt_…`.
    event: EventId,

    /// Only what became of it at this endpoint: `ep_…`.
    endpoint: Option<EndpointId>,

    /// The event's account: once an event has finished and was packed, only its account's history has it.
    #[arg(long)]
    account: Option<AccountId>,

    #[command(flatten)]
    output: OutputArgs,
}

/// `show`.
pub(crate) fn show(arguments: &ShowArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let stores = runtime.block_on(stores(&arguments.redis))?;
    let found = runtime.block_on(find(&stores, arguments))?;
    let text = if arguments.json {
        found.to_string()
    } else {
        lines(&found, 0)
    };
    writeln!(std::io::stdout(), "{}", text.trim_end())?;
    Ok(())
}

/// `why`.
pub(crate) fn why(arguments: &WhyArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let stores = runtime.block_on(stores(&arguments.redis))?;
    let WhyArgs {
        event,
        endpoint,
        account,
        ..
    } = arguments;
    let account = runtime.block_on(account_for(&stores, account.as_ref(), endpoint.as_ref()))?;
    let story = runtime.block_on(event_story(&stores, event, account.as_ref()))?;
    let said = match endpoint {
        None => of_event(&story),
        Some(endpoint) => {
            let delivery = DeliveryId::of(event, endpoint);
            let found = story.deliveries.iter().find(|one| one.id == delivery);
            found.map_or_else(
                || format!("{event} has no delivery to {endpoint}. {}", of_event(&story)),
                of_delivery,
            )
        }
    };
    let json = json!({"event": event, "endpoint": endpoint, "account": story.account, "said": said});
    arguments.output.print(&json, &said)
}

async fn find(stores: &[Store], arguments: &ShowArgs) -> anyhow::Result<Value> {
    let ShowArgs { id, account, .. } = arguments;
    if let Ok(event) = id.parse::<EventId>() {
        return Ok(story::event(
            &event_story(stores, &event, account.as_ref()).await?,
        ));
    }
    if let Ok(delivery) = id.parse::<DeliveryId>() {
        let store = of_endpoint_id(stores, &delivery.endpoint()).await?;
        return Ok(story::delivery(&store.delivery_story(&delivery).await?));
    }
    if let Ok(endpoint) = id.parse::<EndpointId>() {
        let store = of_endpoint_id(stores, &endpoint).await?;
        let load = store.endpoint_load(&endpoint).await?;
        let load = load.with_context(|| format!("there is no endpoint {endpoint}"))?;
        let mut shown = of_endpoint(endpoint.as_str(), &load, store.overview_time().await?);
        let entries = store.log_before(&endpoint, EntryId::MAX.into(), ENTRIES).await?;
        shown["log"] = entries
            .into_iter()
            .map(|entry| story::entry(entry.place.into(), entry.fields))
            .collect();
        return Ok(shown);
    }
    if let Ok(replay) = id.parse::<ReplayId>() {
        for store in stores {
            let record = store.replay_record(&replay).await?;
            if !record.is_empty() {
                return Ok(json!({"id": replay, "record": record}));
            }
        }
        bail!("there is no replay {replay}");
    }
    let account: AccountId = id
        .parse()
        .context("an id is `evt_…`, `dlv_…`, `ep_…`, `rpl_…`, `org:…` or `user:…`")?;
    let mut seen = store::overview::Overview::default();
    for store in stores {
        seen.merge(store.overview_of(&account).await?);
    }
    let load = seen
        .accounts
        .get(&account)
        .context("nothing is known of this account")?;
    let mut shown = of_account(account.as_str(), load, seen.now);
    let endpoints = seen.endpoints.iter();
    shown["endpointList"] = endpoints
        .map(|(id, load)| of_endpoint(id.as_str(), load, seen.now))
        .collect();
    Ok(shown)
}

/// The account that was named, or that of the endpoint that was named.
async fn account_for(
    stores: &[Store],
    account: Option<&AccountId>,
    endpoint: Option<&EndpointId>,
) -> anyhow::Result<Option<AccountId>> {
    match (account, endpoint) {
        (Some(account), _) => Ok(Some(account.clone())),
        (None, Some(endpoint)) => Ok(of_endpoint_id(stores, endpoint)
            .await?
            .account_of(endpoint)
            .await?),
        (None, None) => Ok(None),
    }
}

/// The store that has an endpoint; the first if none has it: what is left of it was there, or anywhere.
async fn of_endpoint_id<'a>(stores: &'a [Store], endpoint: &EndpointId) -> anyhow::Result<&'a Store> {
    for store in stores {
        if store.account_of(endpoint).await?.is_some() {
            return Ok(store);
        }
    }
    stores.first().context("there is no shard")
}

async fn event_story(
    stores: &[Store],
    event: &EventId,
    account: Option<&AccountId>,
) -> anyhow::Result<EventStory> {
    for store in stores {
        if let Some(story) = store.event_story(event, account).await? {
            return Ok(story);
        }
    }
    match account {
        Some(account) => bail!("nothing is known of {event} of {account}, or no longer"),
        None => bail!(
            "nothing is kept of {event} by itself: it was never accepted, matched nobody, or has finished. With --account, its account's history is searched, too"
        ),
    }
}

/// JSON as people read it: a line for each value that there is, what belongs together set in.
fn lines(value: &Value, depth: usize) -> String {
    let margin = "  ".repeat(depth);
    let Value::Object(fields) = value else {
        return format!("{margin}{}\n", plain(value));
    };
    let mut text = String::new();
    for (name, value) in fields {
        match value {
            Value::Null => {}
            Value::Object(_) => text += &format!("{margin}{name}:\n{}", lines(value, depth + 1)),
            Value::Array(values) => {
                text += &format!("{margin}{name}: {}\n", values.len());
                for value in values {
                    text += &lines(value, depth + 1);
                    if value.is_object() {
                        text.push('\n');
                    }
                }
            }
            other => text += &format!("{margin}{name}: {}\n", plain(other)),
        }
    }
    text
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
