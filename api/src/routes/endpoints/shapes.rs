//! The JSON of endpoints, and how the domain's endpoint becomes it.

use domain::endpoint::{DisabledReason, Endpoint, EndpointState, LastAttempt};
use poem_openapi::{ApiResponse, Enum, Object};
use serde::{Deserialize, Serialize};

use super::super::schema::{
    ChatbotId, DateTime, Description, SecretText, SubscriptionName, UrlText, present,
};
use crate::allowance::Allowance;
use crate::json::{Json, JsonRequest};

/// More than any endpoint needs.
pub(super) const MAX_BODY: usize = 16 * 1024;

/// What is needed to make an endpoint.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateEndpoint {
    /// Where events are sent: an absolute `https` URL, port 443 or from 1024, without user name, password and fragment.
    pub(super) url: UrlText,
    /// What is sent: event types, or `*` for all of them; account events too. At least one, each once.
    #[oai(validator(min_items = 1, max_items = 14, unique_items))]
    pub(super) events: Vec<SubscriptionName>,
    /// Only events of this chatbot are sent; without it, of all.
    #[oai(nullable)]
    pub(super) chatbot_id: Option<ChatbotId>,
    /// Your own words.
    #[oai(nullable)]
    pub(super) description: Option<Description>,
}

/// A change to an endpoint. `id` alone switches it on or off; other fields are set as given.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ChangeEndpoint {
    /// Which endpoint.
    pub(super) id: String,
    /// Whether events are sent. Switching on zeroes the failure counter and releases what was parked.
    #[serde(default, deserialize_with = "present")]
    pub(super) active: Option<bool>,
    /// A new URL.
    #[serde(default, deserialize_with = "present")]
    pub(super) url: Option<UrlText>,
    /// A new subscription.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, max_items = 14, unique_items))]
    pub(super) events: Option<Vec<SubscriptionName>>,
    /// A new chatbot filter; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) chatbot_id: Option<Option<ChatbotId>>,
    /// A new description; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) description: Option<Option<Description>>,
    /// What becomes of parked deliveries when this switches the endpoint on, also of those that are still being sent since
    /// it was switched on before; `deliver` if absent.
    #[serde(default, deserialize_with = "present")]
    pub(super) parked: Option<Parked>,
}

/// What becomes of parked deliveries.
#[derive(Debug, Clone, Copy, Deserialize, Enum)]
#[serde(try_from = "String")]
#[oai(rename_all = "lowercase")]
pub(crate) enum Parked {
    /// They are sent.
    Deliver,
    /// They are canceled.
    Discard,
}

impl TryFrom<String> for Parked {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "deliver" => Ok(Self::Deliver),
            "discard" => Ok(Self::Discard),
            _ => Err("`deliver` or `discard`"),
        }
    }
}

impl JsonRequest for CreateEndpoint {
    fn max_bytes(_: &Allowance) -> usize {
        MAX_BODY
    }
}

impl JsonRequest for ChangeEndpoint {
    fn max_bytes(_: &Allowance) -> usize {
        MAX_BODY
    }
}

/// An endpoint.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Endpoint", rename_all = "camelCase")]
pub(crate) struct EndpointView {
    /// Its id.
    id: String,
    /// Where events are sent.
    url: UrlText,
    /// What is sent.
    events: Vec<SubscriptionName>,
    /// Only events of this chatbot are sent; `null`: of all.
    #[oai(nullable)]
    chatbot_id: Option<ChatbotId>,
    /// Your own words.
    #[oai(nullable)]
    description: Option<Description>,
    /// Whether events are sent.
    active: bool,
    /// Failed attempts in a row; the tenth disables the endpoint.
    consecutive_failures: u32,
    /// Why it is not active; `null` while it is.
    #[oai(nullable)]
    disabled_reason: Option<Reason>,
    /// Since when it is not active; `null` while it is.
    #[oai(nullable)]
    disabled_at: Option<DateTime>,
    /// The most recent attempt; `null` before the first.
    #[oai(nullable)]
    last_attempt: Option<AttemptView>,
    /// Deliveries that are not finished: waiting, parked, waiting for a retry, or in flight.
    queue_depth: u64,
    /// When it was made.
    created_at: DateTime,
    /// When it was last changed by its owner.
    updated_at: DateTime,
}

/// An endpoint with its signing secret.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "CreatedEndpoint", rename_all = "camelCase")]
pub(crate) struct CreatedEndpoint {
    /// The endpoint.
    #[serde(flatten)]
    #[oai(flatten)]
    pub(super) endpoint: EndpointView,
    /// The signing secret. It is shown only here: save it.
    pub(super) secret: SecretText,
}

/// What the most recent attempt came to.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "LastAttempt", rename_all = "camelCase")]
pub(crate) struct AttemptView {
    /// When it ended.
    at: DateTime,
    /// The delivery that was attempted.
    delivery_id: String,
    /// The attempt's number, from 1.
    attempt: u32,
    /// Whether the receiver answered 2xx in time.
    succeeded: bool,
    /// The HTTP status; `null` if there was no answer.
    #[oai(nullable)]
    status: Option<u16>,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// What went wrong, as a stable code; `null` on success.
    #[oai(nullable)]
    error: Option<String>,
}

/// Why an endpoint is not active.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "DisabledReason", rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Ten attempts failed in a row.
    ConsecutiveFailures,
    /// The receiver answered `410 Gone`.
    Gone,
    /// Its owner switched it off.
    Owner,
}

/// All endpoints of the account, oldest first.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointList {
    /// The endpoints.
    pub(super) endpoints: Vec<EndpointView>,
}

/// The answer to a creation.
#[derive(Debug, ApiResponse)]
pub(crate) enum Created {
    /// The endpoint was made.
    #[oai(status = 201)]
    Created(
        Json<CreatedEndpoint>,
        /// The path of the endpoint.
        #[oai(header = "Location")]
        String,
    ),
}

/// The answer to a removal.
#[derive(Debug, ApiResponse)]
pub(crate) enum Removed {
    /// The endpoint was removed, with its queue and its log.
    #[oai(status = 204)]
    Removed,
}

impl From<Endpoint> for EndpointView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id.into(),
            url: UrlText(endpoint.url),
            events: endpoint
                .events
                .into_iter()
                .map(|subscription| SubscriptionName(subscription.into()))
                .collect(),
            chatbot_id: endpoint.chatbot_id.map(ChatbotId),
            description: endpoint.description.map(Description),
            active: endpoint.state == EndpointState::Active,
            consecutive_failures: endpoint.consecutive_failures,
            disabled_reason: endpoint.disabled_reason.map(Into::into),
            disabled_at: endpoint.disabled_at.map(|at| DateTime(at.to_string())),
            last_attempt: endpoint.last_attempt.map(Into::into),
            queue_depth: endpoint.queue.total(),
            created_at: DateTime(endpoint.created_at.to_string()),
            updated_at: DateTime(endpoint.updated_at.to_string()),
        }
    }
}

impl From<LastAttempt> for AttemptView {
    fn from(attempt: LastAttempt) -> Self {
        Self {
            at: DateTime(attempt.at.to_string()),
            delivery_id: attempt.delivery_id.into(),
            attempt: attempt.attempt,
            succeeded: attempt.succeeded,
            status: attempt.status,
            duration_ms: attempt.duration_ms,
            error: attempt.error,
        }
    }
}

impl From<DisabledReason> for Reason {
    fn from(reason: DisabledReason) -> Self {
        match reason {
            DisabledReason::ConsecutiveFailures => Self::ConsecutiveFailures,
            DisabledReason::Gone => Self::Gone,
            DisabledReason::Owner => Self::Owner,
        }
    }
}
