//! The catalog of event types, for those who write a receiver or offer subscriptions.

use domain::catalog::EventDescription;
use domain::event::Subscription;
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::schema::{RawObject, SubscriptionName};
use super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::problem::Problem;

/// Listing event types.
#[derive(Debug, Clone, Copy)]
pub struct EventTypesApi;

/// Every event type that an endpoint can subscribe to.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct EventTypeList {
    /// The event types, followed by the account events.
    event_types: Vec<EventTypeView>,
}

/// An event type: what it means, and what a receiver gets.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EventType", rename_all = "camelCase")]
pub(crate) struct EventTypeView {
    /// The name, for subscriptions.
    name: SubscriptionName,
    /// When such an event happens.
    description: String,
    /// Whether it is an account event, which tells about the account's own endpoints. `*` doesn't include account events: they
    /// have to be named.
    account_event: bool,
    /// Which form of its body this is.
    version: String,
    /// Whether it is on its way out: a new subscription is accepted, with a warning.
    deprecated: bool,
    /// The JSON Schema (draft 2020-12) of the whole body. The chatbot decides what `data` contains: it is not checked against the
    /// schema.
    schema: RawObject,
    /// A sample of the body that a receiver gets.
    sample: RawObject,
}

#[OpenApi(tag = "Group::Endpoints")]
impl EventTypesApi {
    /// List all event types
    ///
    /// Returns everything that an endpoint can subscribe to, with a description, a JSON Schema of the body, and a sample.
    #[oai(path = "/api/event-types", method = "get", operation_id = "listEventTypes")]
    async fn list(&self, _caller: Caller, app: Data<&App>) -> Result<Json<EventTypeList>, Problem> {
        let event_types = app.event_types.all().iter().map(EventTypeView::from).collect();
        Ok(Json(EventTypeList { event_types }))
    }
}

impl Resource for EventTypesApi {
    const CALLS: &'static [Call] = &[Call::new("listEventTypes", &[])];
    const EXAMPLES: &'static str = include_str!("event_types.json");
}

impl From<&EventDescription> for EventTypeView {
    fn from(entry: &EventDescription) -> Self {
        Self {
            name: SubscriptionName(entry.subscription.into()),
            description: entry.description.clone(),
            account_event: matches!(entry.subscription, Subscription::Account(_)),
            version: entry.version.clone(),
            deprecated: entry.deprecated,
            schema: RawObject(entry.schema.clone()),
            sample: RawObject(entry.sample.clone()),
        }
    }
}
