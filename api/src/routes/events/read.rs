//! Reading events: from the request's JSON to what the store takes.

use domain::clock::Timestamp;
use domain::event::Payload;
use domain::id::EventId;
use store::events::{Idempotency, NewEvent};

use super::super::fields;
use super::idempotency::{fingerprint, parts, plain};
use super::request::{BatchEvent, PushEvent, RawItem};
use crate::allowance::Allowance;
use crate::json;
use crate::problem::Problem;

/// Checks an event and builds what receivers get.
pub(super) fn event(
    body: PushEvent,
    key: Option<String>,
    allowance: &Allowance,
    now: Timestamp,
) -> Result<NewEvent, Problem> {
    let account = fields::account_id(&body.account_id.0)?;
    let kind = fields::event_type(&body.event.0)?;
    let chatbot_id = fields::chatbot_id(body.chatbot_id.0)?;
    let given_time = body.timestamp.map(|text| text.0);
    let instant = given_time
        .as_deref()
        .map(|text| fields::timestamp(text, "timestamp"))
        .transpose()?;
    let timestamp = instant.unwrap_or(now);
    let payload = Payload::build(
        kind,
        &chatbot_id,
        timestamp,
        body.data.0.get(),
        allowance.payload_bytes,
    )?;
    let idempotency = key.map(|key| Idempotency {
        is_quoted: plain(&key) != key,
        key: plain(&key).into_owned(),
        fingerprint: fingerprint(kind, &chatbot_id, given_time.as_deref(), &payload),
        parts: parts(kind, &chatbot_id, instant, &payload),
    });
    Ok(NewEvent {
        id: EventId::new(now.as_millis()),
        account,
        event: kind,
        chatbot_id,
        payload,
        idempotency,
    })
}

/// An item of a batch; `key` is its key if it has none of its own.
pub(super) fn item(
    item: &RawItem,
    key: Option<String>,
    allowance: &Allowance,
    now: Timestamp,
) -> Result<NewEvent, Problem> {
    let (body, own_key) = json::parse_object::<BatchEvent>(item.0.get())
        .map_err(Problem::about_an_item)?
        .split();
    let own_key = own_key
        .map(|key| fields::idempotency_key(&key, "idempotencyKey"))
        .transpose()?;
    event(body, own_key.or(key), allowance, now)
}
