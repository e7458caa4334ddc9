//! Reading events: from the request's JSON to what the store takes.

use domain::catalog::Catalog;
use domain::clock::Timestamp;
use domain::event::Payload;
use domain::id::EventId;
use store::events::{Idempotency, NewEvent};

use super::super::fields;
use super::super::idempotency::plain;
use super::request::{BatchEvent, PushEvent, REQUIRED, RawItem};
use super::same::{fingerprint, parts};
use crate::allowance::Allowance;
use crate::app::App;
use crate::json::{self, JsonRequest};
use crate::problem::{Code, Faults, Problem};

impl JsonRequest for PushEvent {
    fn max_bytes(allowance: &Allowance) -> usize {
        allowance.event_bytes()
    }

    const REQUIRED: &'static [(&'static str, &'static str)] = REQUIRED;

    fn fault(self, app: &App) -> Option<Problem> {
        event(
            self,
            None,
            &app.event_types,
            &app.allowance,
            Timestamp::now(),
            app.store.fresh_event(),
        )
        .err()
    }
}

/// Checks an event and builds what receivers get.
pub(super) fn event(
    body: PushEvent,
    key: Option<String>,
    catalog: &Catalog,
    allowance: &Allowance,
    now: Timestamp,
    id: EventId,
) -> Result<NewEvent, Problem> {
    let mut faults = Faults::default();
    let account = faults.take(fields::account_id(&body.account_id.0));
    let kind = faults.take(fields::event_type(&body.event.0, catalog));
    let chatbot_id = faults.take(fields::chatbot_id(body.chatbot_id.0));
    let given_time = body.timestamp.map(|text| text.0);
    let instant = faults.take_any(
        given_time
            .as_deref()
            .map(|text| fields::timestamp(text, "timestamp")),
    );
    // What is wrong with `data` doesn't depend on the others.
    let payload = faults.take(Payload::build(
        kind.unwrap_or(catalog.example()),
        chatbot_id.as_deref().unwrap_or_default(),
        instant.flatten().unwrap_or(now),
        body.data.0.get(),
        allowance.payload_bytes,
    ));
    let (Some(account), Some(kind), Some(chatbot_id), Some(instant), Some(payload)) =
        (account, kind, chatbot_id, instant, payload)
    else {
        return Err(faults.into());
    };
    let idempotency = key.map(|key| Idempotency {
        is_quoted: plain(&key) != key,
        key: plain(&key).into_owned(),
        fingerprint: fingerprint(kind, &chatbot_id, given_time.as_deref(), &payload),
        parts: parts(kind, &chatbot_id, instant, &payload),
    });
    Ok(NewEvent {
        id,
        account,
        event: kind,
        chatbot_id,
        payload,
        idempotency,
        trace: None,
    })
}

/// An item of a batch; `key` is its key if it has none of its own.
pub(super) fn item(
    item: &RawItem,
    key: Option<&str>,
    catalog: &Catalog,
    allowance: &Allowance,
    now: Timestamp,
    id: EventId,
) -> Result<NewEvent, Problem> {
    let read = |item: BatchEvent| {
        let (body, own_key) = item.split();
        let mut faults = Faults::default();
        let own_key = faults.take_any(own_key.map(|key| fields::idempotency_key(&key, "idempotencyKey")));
        let key = own_key.flatten().or_else(|| key.map(str::to_owned));
        let event = faults.take(event(body, key, catalog, allowance, now, id.clone()));
        faults.finish().map(|()| event)
    };
    let values = |item: BatchEvent| read(item).err();
    let item =
        json::parse_object(item.0.get(), BatchEvent::REQUIRED, values).map_err(Problem::about_an_item)?;
    read(item)?.ok_or_else(|| Problem::new(Code::InternalError))
}
