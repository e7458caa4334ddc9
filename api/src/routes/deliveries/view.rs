//! Deliveries as answers show them.

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::value::RawValue;
use store::log::{DeliveryDetail, DeliverySummary, Payload};

use super::super::attempt::{AttemptView, whole_millis};
use super::super::schema::{DateTime, DeliveredEvent, ErrorName, RawObject};
use crate::health::exact_moment;
use crate::problem::{Code, Problem};

/// A delivery: one event addressed to one endpoint.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Delivery", rename_all = "camelCase")]
pub(crate) struct DeliveryView {
    /// The delivery's id; the receiver sees it as `X-RKT-Delivery`.
    id: String,
    /// The id of the endpoint that it goes to.
    endpoint_id: String,
    /// The event's id; the receiver sees it as `webhook-id`.
    event_id: String,
    /// The event's type; `null` if it is no longer known.
    #[oai(nullable)]
    event: Option<DeliveredEvent>,
    /// Its present state.
    status: DeliveryStatus,
    /// How many attempts have been made. Those after which the receiver asked us to wait don't count.
    attempts: u32,
    /// When the last attempt ended, or the delivery was given up; `null` before the first attempt.
    #[oai(nullable)]
    last_attempt_at: Option<DateTime>,
    /// When the next attempt is due; `null` unless the delivery is waiting for a retry.
    #[oai(nullable)]
    next_attempt_at: Option<DateTime>,
    /// Until when it waits because the receiver asked for it; `null` otherwise.
    #[oai(nullable)]
    held_until: Option<DateTime>,
    /// Why it waits, in words, if that is for something else than its turn or the time of its next attempt; `null` otherwise.
    #[oai(nullable)]
    waits_because: Option<String>,
    /// The HTTP status of the receiver's answer to the last attempt; `null` if there was none.
    #[oai(nullable)]
    http_status: Option<u16>,
    /// How long the last attempt took, in milliseconds; `null` before the first one.
    #[oai(nullable)]
    duration_ms: Option<u64>,
    /// Why the last attempt failed, or why the delivery was given up, as a stable code; `null` if nothing failed.
    #[oai(nullable)]
    error: Option<ErrorName>,
    /// The same in words; `null` if nothing failed.
    #[oai(nullable)]
    detail: Option<String>,
    /// The id of the delivery that this one replays; `null` if it is not a replay.
    #[oai(nullable)]
    replay_of: Option<String>,
    /// Whether it is a test event's.
    test: bool,
    /// When the event was accepted.
    accepted_at: DateTime,
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum DeliveryStatus {
    /// It is waiting for its turn.
    Pending,
    /// Several workers died while they attempted it. It is attempted beside all others, one at a time.
    Quarantined,
    /// An attempt is being made.
    InFlight,
    /// An attempt failed, and the next one is not due yet.
    Retrying,
    /// It is held back until its endpoint is switched on.
    Parked,
    /// The receiver answered with a 2xx status in time.
    Succeeded,
    /// The last attempt failed, or the delivery was given up.
    Exhausted,
    /// The endpoint's owner discarded it, or its event was erased.
    Canceled,
}

/// A page of deliveries.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct DeliveryList {
    /// The deliveries, newest first.
    pub(super) deliveries: Vec<DeliveryView>,
    /// Where the next page begins: give it as `cursor`. `null` on the last page. A short page isn't necessarily the last one.
    #[oai(nullable)]
    pub(super) next_cursor: Option<String>,
    /// The time from which on nothing is missing: of what happened before, the log has dropped something. `null` if it never has,
    /// or if `status` asks for deliveries that are listed however old they are.
    #[oai(nullable)]
    pub(super) complete_since: Option<DateTime>,
    /// Whether the place has gone where the page before ended: what was there is no longer kept, or no longer in the state that is listed.
    /// Then deliveries may be missing between the two pages. To see what there is, begin anew, without `cursor`.
    pub(super) gap: bool,
}

/// A delivery in full: with the body that is sent, and its attempts.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "DeliveryDetail", rename_all = "camelCase")]
pub(crate) struct DeliveryDetailView {
    /// The delivery.
    #[serde(flatten)]
    #[oai(flatten)]
    delivery: DeliveryView,
    /// The body that the receiver gets, byte for byte; `null` if it is no longer kept.
    #[oai(nullable)]
    payload: Option<RawObject>,
    /// The attempts that are still in the log, newest last.
    attempt_log: Vec<AttemptView>,
}

impl From<DeliverySummary> for DeliveryView {
    fn from(delivery: DeliverySummary) -> Self {
        let (event, last) = (delivery.id.event(), delivery.last);
        Self {
            waits_because: match (delivery.state, delivery.held_until) {
                (DeliveryState::Parked, _) => Some("its endpoint is paused, or not switched on".to_owned()),
                (_, Some(until)) => Some(format!(
                    "the receiver asked to wait until {}",
                    exact_moment(until, Timestamp::now())
                )),
                _ => None,
            },
            held_until: delivery.held_until.map(|at| DateTime(at.to_string())),
            accepted_at: DateTime(event.time().to_string()),
            endpoint_id: delivery.id.endpoint().into(),
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
            error: delivery.reason.map(ErrorName),
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
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Quarantined => Self::Quarantined,
            DeliveryState::InFlight => Self::InFlight,
            DeliveryState::Retrying => Self::Retrying,
            DeliveryState::Parked => Self::Parked,
            DeliveryState::Succeeded => Self::Succeeded,
            DeliveryState::Exhausted => Self::Exhausted,
            DeliveryState::Canceled => Self::Canceled,
        }
    }
}

impl TryFrom<DeliveryDetail> for DeliveryDetailView {
    type Error = Problem;

    /// Fails if the stored payload isn't JSON, which was checked when the event was accepted.
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
