//! `release`: what waits for an endpoint, an account or all goes now, as far as its owner and operators let it.

use domain::clock::Timestamp;
use serde_json::{Value, json};
use store::mending::{Beside, Released};
use store::overview::EndpointLoad;

use super::reach::Scope;
use super::{WaitingArgs, deliveries};
use crate::runtime;

/// What came of an endpoint, or would.
enum Came {
    /// So many deliveries go.
    Goes(u64),
    /// It stays as it is, and why.
    Stays(&'static str),
}

/// How many endpoints that stay are told of to people.
const TOLD: usize = 20;

/// Does it, endpoint by endpoint.
pub(crate) fn release(arguments: &WaitingArgs) -> anyhow::Result<()> {
    let WaitingArgs { lever, target } = arguments;
    let (runtime, target) = (runtime::new()?, target.target());
    let reach = runtime.block_on(lever.reach(&target))?;
    let extent = runtime.block_on(reach.extent(may_go))?;
    if !lever.dry_run {
        let about = deliveries(extent.deliveries);
        reach.confirm(
            &format!("let about {about} of {target} go now"),
            extent,
            lever.yes,
        )?;
    }
    let (mut released, mut stay, mut all) = (0, Vec::new(), Vec::new());
    let doing = reach.each("released", async |scope| {
        for (id, load) in &scope.endpoints {
            let beside = scope.beside(id);
            // Of all, only what has something: each is noted.
            if reach.is_all() && load.backlog() + beside.sum() == 0 {
                continue;
            }
            let came = if lever.dry_run {
                would(load, beside)
            } else {
                let_go(scope, id, load).await?
            };
            let (count, stays) = match came {
                Came::Goes(count) => (count, Value::Null),
                Came::Stays(why) => {
                    stay.push(format!("{id} stays: {why}"));
                    (0, json!(why))
                }
            };
            released += count;
            all.push(json!({"id": id, "account": scope.account, "deliveries": count, "stays": stays}));
        }
        Ok(())
    });
    let done = runtime.block_on(doing);
    let how = if lever.dry_run {
        "would go"
    } else {
        "go: within a minute, or in turns with what arrives"
    };
    let more = stay.len().saturating_sub(TOLD);
    stay.truncate(TOLD);
    if more > 0 {
        stay.push(format!("… and {more} more stay"));
    }
    stay.push(format!("{} of {target} {how}", deliveries(released)));
    lever.print(
        &json!({"action": "release", "target": target.to_string(), "account": reach.account(), "dryRun": lever.dry_run,
            "deliveries": released, "accounts": extent.accounts, "endpoints": all}),
        &stay.join("\n"),
    )?;
    done
}

/// How many deliveries of an endpoint may go, about.
fn may_go(load: &EndpointLoad, beside: Beside) -> u64 {
    match would(load, beside) {
        Came::Goes(count) => count,
        Came::Stays(_) => 0,
    }
}

fn would(load: &EndpointLoad, beside: Beside) -> Came {
    match load.state.as_str() {
        "active" if load.held_until.is_some() => {
            Came::Goes(load.waiting + load.retrying + beside.quarantined)
        }
        "active" => Came::Goes(load.retrying + beside.quarantined),
        "disabled" => Came::Goes(load.parked),
        state => Came::Stays(why(state)),
    }
}

/// Why an endpoint in this state stays as it is.
fn why(state: &str) -> &'static str {
    match state {
        "suspended" => "an operator pauses it; `webhooksctl resume` ends that",
        "paused" => "its owner has paused it",
        "off" => "its owner has switched it off",
        "disabled" => "its receiver has said that it is gone (410); its owner can switch it on",
        _ => "it is in a state that this release doesn't know",
    }
}

async fn let_go(scope: &Scope, id: &domain::id::EndpointId, load: &EndpointLoad) -> anyhow::Result<Came> {
    let Scope { store, account, .. } = scope;
    Ok(match store.release_waiting(account, id).await? {
        Released::Released(was_held, retries, suspects) => {
            Came::Goes(retries + suspects + if was_held { load.waiting } else { 0 })
        }
        Released::Inactive(state) if state == "disabled" => {
            if !store.enable_if_disabled(id, Timestamp::default()).await? {
                return Ok(Came::Stays(why(&state)));
            }
            // Its account may be paused, or an operator may hold it: then it is so from now on.
            match store.endpoint_load(id).await? {
                Some(now) if now.state != "active" => Came::Stays(why(&now.state)),
                _ => Came::Goes(load.parked),
            }
        }
        Released::Inactive(state) => Came::Stays(why(&state)),
        Released::EndpointNotFound => Came::Stays("it was removed"),
    })
}
