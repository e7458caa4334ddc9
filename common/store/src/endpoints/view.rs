//! Reading an endpoint as scripts answer it.

use std::collections::HashMap;

use redis::Value;

use super::hold::hold_of;
use crate::StoreError;
use crate::decode::{parse, unexpected};
use crate::scripts::{Answer, answered};
use domain::clock::Timestamp;
use domain::endpoint::{
    Chatbots, DisabledReason, Endpoint, EndpointState, EndpointTag, Filters, LastAttempt, OperatorHold,
    QueueDepth, RateLimit, Recent, SecretGrace,
};
use domain::id::EndpointId;
use domain::sealing::SealedHeaders;

/// An endpoint as scripts answer it (`view` in core.lua).
struct View {
    id: EndpointId,
    fields: HashMap<String, String>,
    waiting: u64,
    retrying: u64,
    tag: String,
}

answered! { View { id, fields, waiting, retrying, tag } }

impl Answer for Endpoint {
    fn read(value: Value) -> Result<Self, StoreError> {
        endpoint(View::read(value)?)
    }
}

fn endpoint(view: View) -> Result<Endpoint, StoreError> {
    let hash = &view.fields;
    let required = |name: &str| hash.get(name).map(String::as_str).ok_or_else(|| unexpected(name));
    let number = |name: &str| hash.get(name).map_or(Ok(0), |text| parse::<u32>(text));
    let state = EndpointState::from_name(required("state")?).ok_or_else(|| unexpected("state"))?;
    // What the queue keeps for itself hides nothing else of an endpoint when it can't be read.
    let moment = |name: &str| {
        hash.get(name)
            .filter(|text| *text != "0")
            .and_then(|text| time(text).ok())
    };
    let filled = |name: &str| hash.get(name).filter(|text| !text.is_empty()).cloned();
    Ok(Endpoint {
        id: view.id,
        account: parse(required("account")?)?,
        url: required("url")?.to_owned(),
        events: required("events")?
            .split(',')
            .map(parse)
            .collect::<Result<_, _>>()?,
        chatbots: hash
            .get("chatbotId")
            .map_or_else(Chatbots::default, |text| Chatbots::from_stored(text)),
        filters: hash
            .get("filters")
            .map_or_else(Filters::default, |text| Filters::from_stored(text)),
        description: hash.get("description").cloned(),
        state,
        consecutive_failures: number("consecutiveFailures")?,
        disabled_reason: hash
            .get("disabledReason")
            .and_then(|name| DisabledReason::from_name(name)),
        disabled_at: hash.get("disabledAt").map(|text| time(text)).transpose()?,
        last_attempt: hash
            .get("lastAttempt")
            .map(|text| last_attempt(text))
            .transpose()?,
        recent: {
            let text = |name: &str| hash.get(name).map_or("", String::as_str);
            Recent::read(text("recent"), text("hours"), text("days"), text("lastError"))
        },
        queue: QueueDepth {
            waiting: view.waiting,
            retrying: view.retrying,
            in_flight: number("inFlight")?.into(),
            bytes: hash.get("queuedBytes").map_or(Ok(0), |text| parse(text))?,
        },
        failing_since: hash
            .get("failingSince")
            .filter(|since| *since != "0")
            .map(|text| time(text))
            .transpose()?,
        held_until: moment("heldUntil"),
        limit: hash.get("limit").and_then(|text| text.parse().ok()),
        carries: hash.get("carries").and_then(|text| ceiling(text)),
        headers: hash.get("headers").map_or_else(Vec::new, |text| {
            let headers = SealedHeaders::from_stored(text.clone());
            headers.iter().map(|(name, _)| name.to_owned()).collect()
        }),
        // While an operator throttles it, what its owner wants stands apart.
        rate_limit: hash
            .get("wantedRate")
            .or_else(|| hash.get("rateLimit"))
            .and_then(|text| RateLimit::new(text.parse().ok()?)),
        paced_until: moment("pacedUntil"),
        auto_resume: hash.get("autoResume").is_some_and(|on| on == "1"),
        resume_at: moment("resumeAt"),
        operator_hold: operator_hold(hash)?,
        grace: grace(hash)?,
        created_at: time(required("createdAt")?)?,
        created_by: filled("createdBy"),
        updated_at: time(required("updatedAt")?)?,
        updated_by: filled("updatedBy"),
        tag: EndpointTag::new(&view.tag).ok_or_else(|| unexpected("tag"))?,
    })
}

/// What an operator has decided about it: what pauses its account says more than what is of it alone.
fn operator_hold(hash: &HashMap<String, String>) -> Result<Option<OperatorHold>, StoreError> {
    let of = |name: &str, is_of_account| hold_of(hash.get(name).map_or("", String::as_str), is_of_account);
    Ok(of("accountHold", true)?.or(of("operatorHold", false)?))
}

/// The grace of the last rotation, if there was one.
fn grace(hash: &HashMap<String, String>) -> Result<Option<SecretGrace>, StoreError> {
    let until = hash
        .get("previousSecretUntil")
        .map(|text| time(text))
        .transpose()?;
    Ok(until.map(|until| SecretGrace {
        until,
        legacy_uses_previous: hash
            .get("legacySignature")
            .is_some_and(|which| which == "previous"),
    }))
}

/// The ceiling in what `carries.lua` remembers, its second number; 0 is none.
fn ceiling(text: &str) -> Option<u32> {
    let ceiling = text.split(' ').nth(1)?.parse().ok()?;
    (ceiling > 0).then_some(ceiling)
}

fn time(text: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millis(parse(text)?).ok_or_else(|| unexpected("time"))
}

/// `<ms> <delivery> <attempt> <1 if it succeeded> <status or nothing> <duration> <error or nothing>`.
fn last_attempt(text: &str) -> Result<LastAttempt, StoreError> {
    let parts: Vec<_> = text.split(' ').collect();
    let &[at, delivery, attempt, succeeded, status, duration, error] = parts.as_slice() else {
        return Err(unexpected("lastAttempt"));
    };
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(LastAttempt {
        at: time(at)?,
        delivery_id: parse(delivery)?,
        attempt: parse(attempt)?,
        succeeded: succeeded == "1",
        status: filled(status).map(|text| parse(&text)).transpose()?,
        duration_ms: parse(duration)?,
        error: filled(error),
    })
}
