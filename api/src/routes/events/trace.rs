//! What became of an event; and erasing it.

use domain::id::{AccountId, EventId};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::types::Type as _;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use serde::Serialize;
use store::log::{EventTrace, UnmatchedReason};

use super::super::deliveries::view::DeliveryView;
use super::super::idempotency::plain;
use super::super::schema::{ChatbotId, DateTime, DeliveredEvent, IdempotencyKey};
use super::super::{Call, Group, Resource, fields};
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::parameter::parameter;
use crate::problem::{Code, Problem};

/// Looking at an event, and erasing it.
#[derive(Debug, Clone, Copy)]
pub struct EventTraceApi;

/// What became of an event.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EventTrace", rename_all = "camelCase")]
pub(crate) struct EventTraceView {
    /// The event's id; receivers see it as `webhook-id`.
    id: String,
    /// The event's type; `null` if it is no longer known.
    #[oai(nullable)]
    event: Option<DeliveredEvent>,
    /// The event's chatbot; `null` if it has none, or its payload is no longer kept.
    #[oai(nullable)]
    chatbot_id: Option<ChatbotId>,
    /// When the event was accepted.
    accepted_at: DateTime,
    /// How many deliveries were made of it when it was accepted; `null` if that is no longer known.
    #[oai(nullable)]
    accepted_deliveries: Option<u32>,
    /// Those deliveries, without what became of endpoints that were removed, of what is no longer kept, and of replays.
    deliveries: Vec<DeliveryView>,
    /// Why no endpoint got it; `null` if one did, or that is no longer known.
    #[oai(nullable)]
    unmatched: Option<UnmatchedView>,
    /// When the event was erased; `null` if it was not, or more than a week ago.
    #[oai(nullable)]
    erased_at: Option<DateTime>,
}

/// Why no endpoint got an event when it was accepted.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Unmatched")]
pub(crate) struct UnmatchedView {
    /// The reason.
    reason: UnmatchedReasonView,
    /// The same in a sentence.
    text: String,
}

/// Why no endpoint got an event.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "UnmatchedReason", rename_all = "snake_case")]
pub(crate) enum UnmatchedReasonView {
    /// The account had no endpoint.
    NoEndpoint,
    /// No endpoint subscribed to its type.
    EventType,
    /// The endpoints that subscribed to its type were of other chatbots.
    Chatbot,
    /// The endpoints that wanted it have filters that its data doesn't meet.
    Filter,
    /// The endpoints that wanted it were switched off by their owner.
    Off,
    /// The account may not have events of its type.
    Limits,
}

#[OpenApi(tag = "Group::Events")]
impl EventTraceApi {
    /// Get one event
    ///
    /// Returns what became of each delivery of an event, or why no endpoint got it. Events that no endpoint got are known for a day, the
    /// last 1,000 of an account; others as long as their deliveries are.
    #[oai(path = "/api/events/:eventId", method = "get", operation_id = "getEvent")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The event's id.
        #[oai(name = "eventId")]
        id: Path<String>,
    ) -> Result<Json<EventTraceView>, Problem> {
        let id: EventId = id.0.parse().map_err(|_| Problem::new(Code::EventNotFound))?;
        trace(&app, &caller.account, id).await
    }

    /// Erase an event
    ///
    /// Takes away what an event said, wherever it is kept, and what receivers answered to its attempts. Its deliveries that have not ended
    /// are canceled: nothing more is sent, but an attempt that is being made goes on, and nothing is kept of its outcome. The log keeps that
    /// there was a delivery, when it was attempted and with which status, and says `erased`. The event can't be replayed, and its
    /// idempotency key is remembered for as long as others: a push that is repeated with it is answered as a duplicate, and sends nothing.
    /// Repeating this is harmless.
    #[oai(path = "/api/events/:eventId", method = "delete", operation_id = "eraseEvent")]
    async fn erase(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The event's id.
        #[oai(name = "eventId")]
        id: Path<String>,
    ) -> Result<Erased, Problem> {
        let id: EventId = id.0.parse().map_err(|_| Problem::new(Code::EventNotFound))?;
        if app
            .store
            .of(&caller.account)?
            .erase_event(&caller.account, &id)
            .await?
        {
            Ok(Erased::Erased)
        } else {
            Err(Problem::new(Code::EventNotFound))
        }
    }
}

/// The answer to erasing an event.
#[derive(Debug, ApiResponse)]
pub(crate) enum Erased {
    /// The event was erased.
    #[oai(status = 204)]
    Erased,
}

impl Resource for EventTraceApi {
    const CALLS: &'static [Call] = &[
        Call::new("getEvent", &[]).strict(),
        Call::new("eraseEvent", &[Code::UpgradePending]).strict(),
    ];
    const EXAMPLES: &'static str = include_str!("trace.json");
}

/// What became of the event that was pushed with a key.
pub(super) async fn trace_key(
    app: &App,
    account: &AccountId,
    key: KeyInQuery,
) -> Result<Json<EventTraceView>, Problem> {
    let id = app.store.of(account)?.event_of_key(account, &key.0).await?;
    let id = id.ok_or_else(|| Problem::new(Code::EventNotFound))?;
    trace(app, account, id).await
}

async fn trace(app: &App, account: &AccountId, id: EventId) -> Result<Json<EventTraceView>, Problem> {
    let trace = app.store.of(account)?.trace_event(account, &id).await?;
    let trace = trace.ok_or_else(|| Problem::new(Code::EventNotFound))?;
    Ok(Json(EventTraceView::of(id, trace)))
}

impl EventTraceView {
    fn of(id: EventId, trace: EventTrace) -> Self {
        Self {
            accepted_at: id.time().into(),
            id: id.into(),
            event: trace.event.map(DeliveredEvent),
            chatbot_id: trace.chatbot.map(ChatbotId),
            accepted_deliveries: trace.accepted_with,
            deliveries: trace.deliveries.into_iter().map(Into::into).collect(),
            unmatched: trace.unmatched.map(UnmatchedView::of),
            erased_at: trace.erased_at.map(Into::into),
        }
    }
}

impl UnmatchedView {
    fn of(reason: UnmatchedReason) -> Self {
        let (reason, text) = match reason {
            UnmatchedReason::NoEndpoint => (UnmatchedReasonView::NoEndpoint, "The account had no endpoint."),
            UnmatchedReason::Type => (
                UnmatchedReasonView::EventType,
                "No endpoint subscribed to events of this type.",
            ),
            UnmatchedReason::Chatbot => (
                UnmatchedReasonView::Chatbot,
                "The endpoints that subscribed to events of this type were of other chatbots.",
            ),
            UnmatchedReason::Filter => (
                UnmatchedReasonView::Filter,
                "The endpoints that wanted such events have filters that its data doesn't meet.",
            ),
            UnmatchedReason::Limits => (
                UnmatchedReasonView::Limits,
                "The account may not have events of this type.",
            ),
            UnmatchedReason::Off => (
                UnmatchedReasonView::Off,
                "The endpoints that wanted this event were switched off by their owner.",
            ),
        };
        let text = text.to_owned();
        Self { reason, text }
    }
}

/// The parameter `idempotencyKey` of the query: there once.
#[derive(Debug)]
pub(super) struct KeyInQuery(String);

impl KeyInQuery {
    const NAME: &str = "idempotencyKey";

    fn read(query: &str) -> Result<Self, Problem> {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let mut keys = pairs.filter(|(name, _)| name == Self::NAME).map(|(_, key)| key);
        let key = keys.next().ok_or_else(|| {
            Problem::new(Code::MissingField)
                .detail("Name the event by its key: `?idempotencyKey=<key>`.")
                .field(Self::NAME)
        })?;
        if keys.next().is_some() {
            return Err(Problem::new(Code::InvalidIdempotencyKey)
                .detail("Give `idempotencyKey` once.")
                .field(Self::NAME));
        }
        let key = fields::idempotency_key(&key, Self::NAME)?;
        Ok(Self(plain(&key).into_owned()))
    }
}

parameter!(
    [] KeyInQuery:
    in Query, required true, schema IdempotencyKey::schema_ref(),
    read |request| Self::read(request.uri().query().unwrap_or_default())
);

#[cfg(test)]
mod tests;
