//! The events of a live stream, and how they are written.

use bytes::Bytes;
use domain::clock::Timestamp;
use domain::id::EndpointId;
use poem_openapi::{Enum, Object};
use serde::Serialize;
use store::log::{EntryId, LogContent, LogEntry, LoggedAttempt};

use super::super::attempt::AttemptView;
use super::super::schema::{DateTime, DeliveredEvent};

/// The event `start`, the first one: what happens from now on follows.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct StreamedStart {
    /// What was logged up to this time is not sent.
    after: DateTime,
}

/// The event `attempt`: an attempt, or a delivery that was given up without another attempt.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct StreamedAttempt {
    /// The delivery's id.
    delivery_id: String,
    /// The id of the endpoint that it goes to.
    endpoint_id: String,
    /// The event's id.
    event_id: String,
    /// The event's type; `null` if it is no longer known.
    #[oai(nullable)]
    event: Option<DeliveredEvent>,
    /// Whether the delivery is a replay of another one.
    replay: bool,
    /// Whether it is a test event's.
    test: bool,
    /// What came of it.
    #[serde(flatten)]
    #[oai(flatten)]
    attempt: AttemptView,
}

/// The event `state`: the endpoint itself changed.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct StreamedState {
    /// When it happened.
    at: DateTime,
    /// The endpoint's id.
    endpoint_id: String,
    /// The endpoint's state from then on: `active`, `paused` (by its owner), `disabled` (by failures), or `off` (switched off by its
    /// owner).
    state: String,
    /// Why it changed: `owner`, `operator` (our operator switched it on), `consecutive_failures`, `gone`, `egress` (its failures were
    /// our own network's, and are taken back), `auto_resumed` (it was tried again by itself, and succeeded), `recovered` (the first
    /// success after failures), `secret_rotated`, or, while the state stays as it is, `operator_paused`, `operator_throttled` and
    /// `operator_resumed` (what our operator decides beside it).
    reason: String,
}

/// The event `canceled`: the owner discarded the deliveries that were parked.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct StreamedCancellation {
    /// When it happened.
    at: DateTime,
    /// The endpoint's id.
    endpoint_id: String,
    /// How many deliveries were canceled.
    count: u64,
}

/// The event `gap`: the log dropped entries before they were sent, or the id to resume after can't be read. List the deliveries to see
/// what is kept of them.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct StreamedGap {
    /// The stream resumes with the entries from this time on.
    resumed_at: DateTime,
}

/// The event `end`, the last one. To go on, connect again with `Last-Event-ID`.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct StreamedEnd {
    /// Why the stream ends.
    pub(super) reason: EndReason,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum EndReason {
    /// The token has expired: connect again with a new one.
    TokenExpired,
    /// The key of the account, or the service key, was revoked.
    KeyRevoked,
    /// The portal session was revoked, or made room for a newer one: ask the page around the dashboard for another one.
    PortalSessionRevoked,
    /// The endpoint was removed.
    EndpointRemoved,
    /// The server is being restarted.
    Stopping,
    /// The server has as many streams as it sends, and this account the most of them; another one needed the place.
    MadeRoom,
    /// The store was replaced: there is nothing to follow until an operator has looked into it.
    StoreReplaced,
}

/// An entry of an endpoint's log as an event; `cursor` is its place as the client may give it back.
pub(super) fn entry(entry: LogEntry, endpoint: &EndpointId, cursor: &str) -> Bytes {
    let at = || DateTime(entry.id.time().to_string());
    let endpoint_id = endpoint.to_string();
    match entry.content {
        LogContent::Attempt(attempt) => write("attempt", Some(cursor), &StreamedAttempt::from(*attempt)),
        LogContent::State { state, reason } => {
            let at = at();
            let state = StreamedState {
                at,
                endpoint_id,
                state,
                reason,
            };
            write("state", Some(cursor), &state)
        }
        LogContent::Canceled { count } => {
            let at = at();
            let canceled = StreamedCancellation {
                at,
                endpoint_id,
                count,
            };
            write("canceled", Some(cursor), &canceled)
        }
    }
}

/// Entries were dropped; the oldest that is kept.
pub(super) fn gap(oldest: EntryId) -> Bytes {
    write("gap", None, &gap_until(oldest))
}

fn gap_until(oldest: EntryId) -> StreamedGap {
    StreamedGap {
        resumed_at: time_of(oldest),
    }
}

/// When an entry was logged; now, if there is none yet.
fn time_of(id: EntryId) -> DateTime {
    let is_none = id == EntryId::default();
    if is_none { Timestamp::now() } else { id.time() }.into()
}

/// The last event.
pub(super) fn end(reason: EndReason) -> Bytes {
    write("end", None, &StreamedEnd { reason })
}

/// Where the stream begins, so that a client that hears nothing more can go on from there: at a `gap` that ends with an entry, or else
/// behind `position`. Like every block it has data, since some clients parse that of any. Browsers wait so long before they connect
/// again.
pub(super) fn beginning(cursor: &str, position: EntryId, gap: Option<EntryId>) -> Bytes {
    let event = match gap {
        Some(oldest) => write("gap", Some(cursor), &gap_until(oldest)),
        None => write(
            "start",
            Some(cursor),
            &StreamedStart {
                after: time_of(position),
            },
        ),
    };
    [b"retry: 2000\n", &*event].concat().into()
}

/// A comment: it keeps the connection open, and a client that is gone is noticed. No empty line follows, which some clients would take
/// for an event without data.
pub(super) const fn heartbeat() -> Bytes {
    Bytes::from_static(b": still here\n")
}

/// One event. We write it ourselves, since poem's `Event` can't write what we document: it has no comments, no block with `retry`
/// and `id`, and another order. poem's `SSE` would also send its comments only while the client reads, so that [`super::follow`]
/// couldn't tell a client that is gone, and `EventStream` of poem-openapi documents one type for all events.
fn write(name: &str, cursor: Option<&str>, data: &impl Serialize) -> Bytes {
    // JSON as it is written here has no line ends, and these types can't fail to be written.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = cursor.map_or_else(String::new, |cursor| format!("id: {cursor}\n"));
    Bytes::from(format!("event: {name}\n{id}data: {data}\n\n"))
}

impl From<LoggedAttempt> for StreamedAttempt {
    fn from(attempt: LoggedAttempt) -> Self {
        Self {
            delivery_id: attempt.delivery.as_str().to_owned(),
            endpoint_id: attempt.delivery.endpoint().into(),
            event_id: attempt.delivery.event().into(),
            event: Some(attempt.event.clone())
                .filter(|name| !name.is_empty())
                .map(DeliveredEvent),
            replay: attempt.delivery.is_replay(),
            test: attempt.is_test,
            attempt: attempt.into(),
        }
    }
}

#[cfg(test)]
mod tests;
