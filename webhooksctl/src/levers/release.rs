//! `release`: what waits for an endpoint goes now, as far as its owner and operators let it.

use domain::clock::Timestamp;
use serde_json::{Value, json};
use store::mending::Released;
use store::overview::EndpointLoad;

use super::{Scope, WaitingArgs, deliveries};
use crate::order::confirm;
use crate::runtime;

/// What came of an endpoint, or would.
enum Came {
    /// So many deliveries go.
    Goes(u64),
    /// It stays as it is, and why.
    Stays(&'static str),
}

/// Does it, endpoint by endpoint.
pub(crate) fn release(arguments: &WaitingArgs) -> anyhow::Result<()> {
    let WaitingArgs { lever, target } = arguments;
    let runtime = runtime::new()?;
    let scope = runtime.block_on(lever.scope(target))?;
    let going: u64 = scope.endpoints.iter().map(|(_, load)| may_go(load)).sum();
    if !lever.dry_run {
        confirm(
            &format!("let about {} of {target} go now", deliveries(going)),
            going,
            lever.yes,
        )?;
    }
    let (mut released, mut lines, mut all) = (0, Vec::new(), Vec::new());
    let progress = runtime::progress(|endpoints: usize| format!("released {endpoints} endpoints …"));
    for (id, load) in &scope.endpoints {
        let came = if lever.dry_run {
            would(load)
        } else {
            runtime.block_on(let_go(&scope, id, load))?
        };
        let (count, stays) = match came {
            Came::Goes(count) => (count, Value::Null),
            Came::Stays(why) => {
                lines.push(format!("{id} stays: {why}"));
                (0, json!(why))
            }
        };
        released += count;
        all.push(json!({"id": id, "deliveries": count, "stays": stays}));
        progress(all.len());
    }
    let how = if lever.dry_run {
        "would go"
    } else {
        "go: within a minute, or in turns with what arrives"
    };
    lines.push(format!("{} of {target} {how}", deliveries(released)));
    lever.print(
        &json!({"action": "release", "target": target.to_string(), "account": scope.account, "dryRun": lever.dry_run,
            "deliveries": released, "endpoints": all}),
        &lines.join("\n"),
    )
}

/// How many deliveries of an endpoint may go, about.
fn may_go(load: &EndpointLoad) -> u64 {
    match would(load) {
        Came::Goes(count) => count,
        Came::Stays(_) => 0,
    }
}

fn would(load: &EndpointLoad) -> Came {
    match load.state.as_str() {
        "active" if load.held_until.is_some() => Came::Goes(load.waiting + load.retrying),
        "active" => Came::Goes(load.retrying),
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
