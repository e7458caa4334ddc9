//! Endpoints as answers show them.

use domain::clock::Timestamp;
use domain::endpoint::{Chatbots, Endpoint, EndpointState, LastAttempt, RateLimit};
use poem_openapi::Object;
use serde::Serialize;

use super::super::schema::{
    ChatbotId, DateTime, Description, ErrorName, RatePerSecond, SubscriptionName, UrlText,
};
use super::choice::{self, FilterObject};
use super::state_view::{DisabledReasonView, EndpointStateView, OperatorHoldView};
use super::warning::Warning;

/// An endpoint.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Endpoint", rename_all = "camelCase")]
pub(crate) struct EndpointView {
    /// The endpoint's id.
    id: String,
    /// Where events are sent.
    url: UrlText,
    /// Which events are sent: event types (`*` stands for all of them) and account events.
    events: Vec<SubscriptionName>,
    /// Only events of this chatbot are sent; `null`: events of all chatbots, or of several (`chatbotIds`).
    #[oai(nullable)]
    chatbot_id: Option<ChatbotId>,
    /// Only events of these chatbots are sent; `null`: events of all chatbots.
    #[oai(nullable)]
    chatbot_ids: Option<Vec<ChatbotId>>,
    /// Only events whose `data` meets all these conditions are sent. They don't apply to account events, tests and replays.
    filters: Vec<FilterObject>,
    /// A description for your own use.
    #[oai(nullable)]
    description: Option<Description>,
    /// The names of the headers that you have set, in lower case. Their values are never shown.
    headers: Vec<String>,
    /// The most deliveries that are sent in a second; `null`: as many as the receiver carries.
    #[oai(nullable)]
    rate_limit: Option<RatePerSecond>,
    /// Whether the endpoint is tried again by itself after failures disabled it.
    auto_resume: bool,
    /// Whether the endpoint is switched on. While it isn't, nothing is sent.
    active: bool,
    /// What became of the endpoint: what you, or its failures, made of it.
    state: EndpointStateView,
    /// What the operator of the service has decided about the endpoint, beside its `state`; `null` if there is nothing. You can't
    /// change it.
    #[oai(nullable)]
    operator_hold: Option<OperatorHoldView>,
    /// Until then nothing is sent, because the receiver asked for it (429, or 503 with `Retry-After`); `null` otherwise.
    #[oai(nullable)]
    held_until: Option<DateTime>,
    /// How many attempts in a row have failed. Ten disable the endpoint, at the earliest 10 seconds after the first, unless the
    /// service is configured otherwise.
    consecutive_failures: u32,
    /// Why the endpoint is not active; `null` while it is, and while you paused it.
    #[oai(nullable)]
    disabled_reason: Option<DisabledReasonView>,
    /// When the endpoint stopped being active; `null` while it is active.
    #[oai(nullable)]
    disabled_at: Option<DateTime>,
    /// The most recent attempt; `null` before the first one.
    #[oai(nullable)]
    last_attempt: Option<LastAttemptView>,
    /// How many deliveries are not finished: waiting, in flight, waiting for a retry, or parked.
    queue_depth: u64,
    /// When the endpoint was created.
    created_at: DateTime,
    /// Who created it: the user as their session token named them, a key of the account (`key_…`), or the backend (`service:<id>`); `null`
    /// if it was created before that was noted.
    #[oai(nullable)]
    created_by: Option<String>,
    /// When its owner last changed it.
    updated_at: DateTime,
    /// Who last changed it: the same, or `operator`; `null` if that was not noted.
    #[oai(nullable)]
    updated_by: Option<String>,
    /// Changes with the endpoint's settings and its state, and with nothing else: not with attempts and what they count. Send it as
    /// `If-Match` with a change that must not undo another.
    etag: String,
    /// What is better done otherwise, in the answer to a request that gives `events`. Only if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    warnings: Option<Vec<Warning>>,
}

/// The result of the most recent attempt.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "LastAttempt", rename_all = "camelCase")]
pub(crate) struct LastAttemptView {
    /// When the attempt ended.
    at: DateTime,
    /// The id of the delivery that was attempted.
    delivery_id: String,
    /// Which attempt of this delivery it was, counted from 1.
    attempt: u32,
    /// Whether the receiver answered with a 2xx status in time.
    succeeded: bool,
    /// The HTTP status of the receiver's answer; `null` if there was none.
    #[oai(nullable)]
    status: Option<u16>,
    /// How long the attempt took, in milliseconds.
    duration_ms: u64,
    /// What went wrong, as a stable code; `null` on success.
    #[oai(nullable)]
    error: Option<ErrorName>,
}

impl EndpointView {
    /// An endpoint, and what its owner should know.
    pub(super) fn warned(endpoint: Endpoint, warnings: Option<Vec<Warning>>) -> Self {
        Self {
            warnings,
            ..endpoint.into()
        }
    }
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
            chatbot_id: endpoint.chatbots.only().map(|id| ChatbotId(id.to_owned())),
            chatbot_ids: chatbot_ids(&endpoint.chatbots),
            filters: choice::shown(&endpoint.filters),
            description: endpoint.description.map(Description),
            headers: endpoint.headers,
            rate_limit: endpoint.rate_limit.map(Into::into),
            auto_resume: endpoint.auto_resume,
            active: endpoint.state.without_operator() == EndpointState::Active,
            state: endpoint.state.into(),
            operator_hold: endpoint.operator_hold.map(Into::into),
            held_until: endpoint
                .held_until
                .filter(|until| endpoint.state == EndpointState::Active && *until > Timestamp::now())
                .map(|until| DateTime(until.to_string())),
            consecutive_failures: endpoint.consecutive_failures,
            disabled_reason: endpoint.disabled_reason.map(Into::into),
            disabled_at: endpoint.disabled_at.map(|at| DateTime(at.to_string())),
            last_attempt: endpoint.last_attempt.map(Into::into),
            queue_depth: endpoint.queue.total(),
            created_at: DateTime(endpoint.created_at.to_string()),
            created_by: endpoint.created_by,
            updated_at: DateTime(endpoint.updated_at.to_string()),
            updated_by: endpoint.updated_by,
            etag: endpoint.tag.to_string(),
            warnings: None,
        }
    }
}

impl From<LastAttempt> for LastAttemptView {
    fn from(attempt: LastAttempt) -> Self {
        Self {
            at: DateTime(attempt.at.to_string()),
            delivery_id: attempt.delivery_id.into(),
            attempt: attempt.attempt,
            succeeded: attempt.succeeded,
            status: attempt.status,
            duration_ms: attempt.duration_ms,
            error: attempt.error.map(ErrorName),
        }
    }
}

impl From<RateLimit> for RatePerSecond {
    fn from(limit: RateLimit) -> Self {
        Self(limit.per_second().into())
    }
}

/// The chatbots, unless all are meant.
fn chatbot_ids(chatbots: &Chatbots) -> Option<Vec<ChatbotId>> {
    let ids: Vec<_> = chatbots.ids().iter().cloned().map(ChatbotId).collect();
    (!ids.is_empty()).then_some(ids)
}
