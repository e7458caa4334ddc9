//! The catalog of event types, for whoever writes a receiver or shows what can be subscribed to.

use domain::catalog::{self, EventDescription};
use domain::event::Subscription;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use serde_json::value::RawValue;

use super::schema::{RawObject, SubscriptionName};
use super::{Call, Group, Resource};
use crate::caller::DashboardUser;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// The call.
#[derive(Debug, Clone, Copy)]
pub struct EventTypesApi;

/// Every type that can be subscribed to.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct EventTypeList {
    /// The event types, then the account events.
    event_types: Vec<EventTypeView>,
}

/// What a type means and what its receivers get.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EventType", rename_all = "camelCase")]
pub(crate) struct EventTypeView {
    /// The name to subscribe to.
    name: SubscriptionName,
    /// When it happens.
    description: String,
    /// Whether it tells about the account's own endpoints. Such events are subscribed to by name only: `*` doesn't
    /// include them.
    account_event: bool,
    /// The JSON Schema (draft 2020-12) of the whole body. `data` of an event is the chatbot's own: it is not checked
    /// against the schema.
    schema: RawObject,
    /// A body as a receiver gets it.
    sample: RawObject,
}

#[OpenApi(tag = "Group::Endpoints")]
impl EventTypesApi {
    /// List all event types
    ///
    /// Answers what can be subscribed to, each type with a description, a JSON Schema of the body and a sample.
    #[oai(path = "/api/event-types", method = "get", operation_id = "listEventTypes")]
    async fn list(&self, _user: DashboardUser) -> Result<Json<EventTypeList>, Problem> {
        let event_types: Result<_, Problem> = catalog::all().map(EventTypeView::try_from).collect();
        Ok(Json(EventTypeList {
            event_types: event_types?,
        }))
    }
}

impl Resource for EventTypesApi {
    const CALLS: &'static [Call] = &[Call::new("listEventTypes", &[])];
    const EXAMPLES: &'static str = include_str!("event_types.json");
}

impl TryFrom<EventDescription> for EventTypeView {
    type Error = Problem;

    fn try_from(entry: EventDescription) -> Result<Self, Problem> {
        let raw = |text: &str| {
            RawValue::from_string(text.trim_end().to_owned())
                .map(RawObject)
                .map_err(|_| Problem::new(Code::InternalError))
        };
        Ok(Self {
            name: SubscriptionName(entry.subscription.into()),
            description: entry.description.to_owned(),
            account_event: matches!(entry.subscription, Subscription::Account(_)),
            schema: raw(entry.schema)?,
            sample: raw(entry.sample)?,
        })
    }
}
