//! The JSON of deliveries, and how what the store knows becomes it.

use domain::delivery::DeliveryState;
use domain::id::DeliveryId;
use poem_openapi::{ApiResponse, Enum, Object};
use serde::Serialize;
use serde_json::value::RawValue;
use store::log::{DeliveryDetail, DeliverySummary, Payload};

use super::super::attempt::{AttemptView, whole_millis};
use super::super::schema::{DateTime, DeliveredEvent, RawObject};
use crate::json::Json;
use crate::problem::{Code, Problem};

/// A delivery: one event addressed to one endpoint.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Delivery", rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    /// Its id; receivers see it as `X-RKT-Delivery`.
    id: String,
    /// Its event's id; receivers see it as `webhook-id`.
    event_id: String,
    /// Its event's type; `null` if that is no longer known.
    #[oai(nullable)]
    event: Option<DeliveredEvent>,
    /// Where it is in its life now.
    status: DeliveryStatus,
    /// How many attempts were made.
    attempts: u32,
    /// When its last attempt ended, or it was given up; `null` before the first attempt.
    #[oai(nullable)]
    last_attempt_at: Option<DateTime>,
    /// When the next attempt is due, while it waits for one.
    #[oai(nullable)]
    next_attempt_at: Option<DateTime>,
    /// The HTTP status of the last attempt; `null` if there was no answer.
    #[oai(nullable)]
    http_status: Option<u16>,
    /// How long the last attempt took, in milliseconds.
    #[oai(nullable)]
    duration_ms: Option<u64>,
    /// Why the last attempt failed, or why it was given up, as a stable code; `null` if nothing failed.
    #[oai(nullable)]
    error: Option<String>,
    /// The same in words.
    #[oai(nullable)]
    detail: Option<String>,
    /// The delivery that it repeats; `null` if it is no replay.
    #[oai(nullable)]
    replay_of: Option<String>,
    /// Whether it is a test event.
    test: bool,
    /// When its event was accepted.
    accepted_at: DateTime,
}

/// Where a delivery is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum DeliveryStatus {
    /// It waits for its turn.
    Pending,
    /// An attempt is being made.
    InFlight,
    /// It waits for the time of its next attempt.
    Retrying,
    /// It waits until its endpoint is switched on.
    Parked,
    /// The receiver answered 2xx in time.
    Succeeded,
    /// Its last attempt failed, or it was given up.
    Exhausted,
    /// Its owner discarded it.
    Canceled,
}

/// A page of deliveries.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct DeliveryList {
    /// The deliveries, newest first.
    pub(super) deliveries: Vec<DeliveryView>,
    /// Where the next page begins: give it as `cursor`. `null` at the end. A page may be short and have a next one.
    #[oai(nullable)]
    pub(super) next_cursor: Option<String>,
}

/// A delivery with what was sent and what came of it.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "DeliveryDetail", rename_all = "camelCase")]
pub(crate) struct DetailView {
    /// The delivery.
    #[serde(flatten)]
    #[oai(flatten)]
    delivery: DeliveryView,
    /// The body that receivers get, with its very bytes; `null` when it is no longer kept.
    #[oai(nullable)]
    payload: Option<RawObject>,
    /// Its attempts as far as they are kept, newest last.
    attempt_log: Vec<AttemptView>,
}

/// A new delivery that repeats another one.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReplayedDelivery {
    /// The new delivery's id.
    id: String,
    /// The delivery that it repeats.
    replay_of: String,
    /// `pending`; `parked` while the endpoint is not active: it is sent once the endpoint is switched on. With an
    /// `Idempotency-Key` of an earlier request: where the replay of that one is now.
    status: DeliveryStatus,
}

/// The answer to a replay.
#[derive(Debug, ApiResponse)]
pub(crate) enum Replayed {
    /// The new delivery waits for its turn, or is parked.
    #[oai(status = 202)]
    Accepted(Json<ReplayedDelivery>),
}

impl Replayed {
    /// For the new delivery that repeats `source`.
    pub(super) fn new(new: DeliveryId, source: DeliveryId, status: DeliveryStatus) -> Self {
        Self::Accepted(Json(ReplayedDelivery {
            id: new.into(),
            replay_of: source.into(),
            status,
        }))
    }
}

impl From<DeliverySummary> for DeliveryView {
    fn from(delivery: DeliverySummary) -> Self {
        let (event, last) = (delivery.id.event(), delivery.last);
        Self {
            accepted_at: DateTime(event.time().to_string()),
            event_id: event.into(),
            event: Some(delivery.event)
                .filter(|name| !name.is_empty())
                .map(DeliveredEvent),
            status: delivery.state.into(),
            attempts: delivery.attempts,
            last_attempt_at: last.as_ref().map(|last| DateTime(last.at.to_string())),
            next_attempt_at: delivery.next_attempt_at.map(|at| DateTime(at.to_string())),
            http_status: last.as_ref().and_then(|last| last.status),
            duration_ms: last.as_ref().and_then(|last| last.duration).map(whole_millis),
            error: delivery.reason,
            detail: last.and_then(|last| last.detail),
            replay_of: delivery.replay_of.map(Into::into),
            test: delivery.is_test,
            id: delivery.id.into(),
        }
    }
}

impl From<DeliveryState> for DeliveryStatus {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending | DeliveryState::Quarantined => Self::Pending,
            DeliveryState::InFlight => Self::InFlight,
            DeliveryState::Retrying => Self::Retrying,
            DeliveryState::Parked => Self::Parked,
            DeliveryState::Succeeded => Self::Succeeded,
            DeliveryState::Exhausted => Self::Exhausted,
            DeliveryState::Canceled => Self::Canceled,
        }
    }
}

impl TryFrom<DeliveryDetail> for DetailView {
    type Error = Problem;

    /// Fails when the stored payload is no JSON, which was checked when it was accepted.
    fn try_from(detail: DeliveryDetail) -> Result<Self, Problem> {
        Ok(Self {
            payload: detail.payload.map(raw).transpose()?,
            delivery: detail.summary.into(),
            attempt_log: detail.attempts.into_iter().map(Into::into).collect(),
        })
    }
}

/// The stored bytes as they are.
fn raw(payload: Payload) -> Result<RawObject, Problem> {
    String::from_utf8(payload.body.into())
        .ok()
        .and_then(|text| RawValue::from_string(text).ok())
        .map(RawObject)
        .ok_or_else(|| {
            tracing::error!("a stored payload is not JSON");
            Problem::new(Code::InternalError)
        })
}

#[cfg(test)]
mod tests;
