//! Stories as JSON.

use serde_json::{Map, Value, json};
use store::log::{DeliveryPlace, DeliveryStory, EntryId, EventStory, LoggedAttempt, UnmatchedReason};

use super::sentence;

/// An event.
pub(super) fn event(story: &EventStory) -> Value {
    json!({
        "id": story.id, "account": story.account, "event": story.event, "chatbotId": story.chatbot,
        "acceptedAt": story.id.time(), "acceptedWith": story.accepted_with, "unfinished": story.unfinished,
        "isPacked": story.is_packed, "erasedAt": story.erased_at, "unmatched": story.unmatched.map(unmatched),
        "why": sentence::of_event(story), "deliveries": story.deliveries.iter().map(delivery).collect::<Vec<_>>(),
    })
}

/// A delivery.
pub(super) fn delivery(story: &DeliveryStory) -> Value {
    let (state, worker, lease, next, ahead) = match &story.place {
        DeliveryPlace::InFlight { worker, until } => ("in_flight", Some(worker), *until, None, None),
        DeliveryPlace::Quarantined { next } => ("quarantined", None, None, *next, None),
        DeliveryPlace::Waiting { ahead } => ("waiting", None, None, None, *ahead),
        DeliveryPlace::Retrying { next } => ("retrying", None, None, *next, None),
        DeliveryPlace::Parked => ("parked", None, None, None, None),
        DeliveryPlace::Ended(state) => (state.as_str(), None, None, None, None),
        DeliveryPlace::Unknown => ("unknown", None, None, None, None),
    };
    json!({
        "id": story.id, "endpoint": story.id.endpoint(), "endpointState": story.endpoint_state, "state": state,
        "worker": worker, "leaseExpiresAt": lease, "nextAttemptAt": next, "ahead": ahead,
        "reason": story.record.get("reason"), "replayOf": story.record.get("replayOf"),
        "lostLeases": story.record.get("lostLeases"), "why": sentence::of_delivery(story),
        "attempts": story.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &LoggedAttempt) -> Value {
    json!({
        "at": attempt.at, "attempt": attempt.attempt, "outcome": if attempt.is_held() { "held" } else { attempt.outcome.as_str() },
        "status": attempt.status, "milliseconds": attempt.duration.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        "error": attempt.error, "detail": attempt.detail, "heldUntil": attempt.held_until,
    })
}

/// An entry of an endpoint's log.
pub(super) fn entry(id: EntryId, fields: Vec<(String, String)>) -> Value {
    let mut fields = fields.into_iter().collect();
    store::log::unpack(&mut fields);
    let mut shown = Map::new();
    shown.insert("at".to_owned(), id.time().to_string().into());
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_unstable();
    // What the receiver answered is for `history log`.
    fields.retain(|(name, _)| name != "headers" && name != "snippet");
    shown.extend(fields.into_iter().map(|(name, value)| (name, value.into())));
    shown.into()
}

/// In the words of the API.
const fn unmatched(reason: UnmatchedReason) -> &'static str {
    match reason {
        UnmatchedReason::NoEndpoint => "no_endpoint",
        UnmatchedReason::Type => "event_type",
        UnmatchedReason::Filter => "filter",
        UnmatchedReason::Chatbot => "chatbot",
        UnmatchedReason::Off => "off",
        UnmatchedReason::Limits => "limits",
    }
}
