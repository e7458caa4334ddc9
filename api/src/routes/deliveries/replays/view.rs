//! A replay of many deliveries as answers show it.

use domain::clock::Timestamp;
use poem_openapi::{ApiResponse, Enum, Object};
use serde::Serialize;
use store::replays::{Replay, ReplayCount, ReplaySpan, ReplayState, ReplayStatus};

use super::super::super::schema::{DateTime, EventName};
use super::request::EndedAs;
use crate::json::Json;

/// A replay of many deliveries.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Replay", rename_all = "camelCase")]
pub(crate) struct ReplayView {
    /// The replay's id.
    id: String,
    /// Whether it is still making deliveries.
    state: ReplayStateName,
    /// It replays deliveries that ended like this (with `undelivered`, canceled ones, too).
    status: EndedAs,
    /// Whether it replays what was exhausted or canceled and not delivered since.
    undelivered: bool,
    /// The event types whose deliveries it replays; `null`: all.
    #[oai(nullable)]
    events: Option<Vec<EventName>>,
    /// The beginning of the time span.
    since: DateTime,
    /// The end of the time span.
    until: DateTime,
    /// How many new deliveries have been made.
    made: u64,
    /// How many deliveries have been left out, since their payload is no longer kept or they are replays themselves.
    skipped: u64,
    /// How many of the new deliveries succeeded.
    succeeded: u64,
    /// How many of the new deliveries were exhausted.
    exhausted: u64,
    /// How many of the new deliveries were canceled.
    canceled: u64,
    /// Whether the new deliveries are parked, since the endpoint is not active. They are sent once it is switched on.
    parked: bool,
    /// When the replay was started.
    created_at: DateTime,
    /// When the last delivery was made, or the replay was canceled; `null` while it is running.
    #[oai(nullable)]
    finished_at: Option<DateTime>,
    /// The time from which on nothing is missing: of what ended before, something is no longer kept, and is left out. `null` if
    /// all is kept.
    #[oai(nullable)]
    complete_since: Option<DateTime>,
}

/// The state of a replay.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "ReplayState", rename_all = "snake_case")]
pub(crate) enum ReplayStateName {
    /// New deliveries are being made, a few at a time.
    Running,
    /// All new deliveries have been made; some of them may not be finished.
    Finished,
    /// The replay was canceled: no more deliveries are made.
    Canceled,
}

/// How many deliveries a replay would send again.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "ReplayCount", rename_all = "camelCase")]
pub(crate) struct CountView {
    /// How many deliveries match.
    matching: u64,
    /// Whether there may be more: counting stops after a few thousand.
    is_lower_bound: bool,
    /// They ended like this (with `undelivered`, some were canceled).
    status: EndedAs,
    /// Whether what was exhausted or canceled and not delivered since was counted.
    undelivered: bool,
    /// The event types whose deliveries were counted; `null`: all.
    #[oai(nullable)]
    events: Option<Vec<EventName>>,
    /// The beginning of the time span.
    since: DateTime,
    /// The end of the time span.
    until: DateTime,
    /// The time from which on nothing is missing: of what ended before, something is no longer kept, and is left out. `null` if
    /// all is kept.
    #[oai(nullable)]
    complete_since: Option<DateTime>,
}

/// The answer to a replay of many.
#[derive(Debug, ApiResponse)]
pub(crate) enum ManyReplayed {
    /// With `dryRun`: the deliveries were counted, and nothing was sent.
    #[oai(status = 200)]
    Counted(Json<CountView>),
    /// The replay is running.
    #[oai(status = 202)]
    Started(
        Json<ReplayView>,
        /// The path of the replay.
        #[oai(header = "Location")]
        String,
    ),
}

impl ReplayView {
    /// A replay, whose sources are all kept from a time on.
    pub(super) fn new(replay: Replay, complete_since: Option<Timestamp>) -> Self {
        Self {
            complete_since: complete_since.map(|since| DateTime(since.to_string())),
            id: replay.id.into(),
            state: match replay.state {
                ReplayState::Running => ReplayStateName::Running,
                ReplayState::Finished => ReplayStateName::Finished,
                ReplayState::Canceled => ReplayStateName::Canceled,
            },
            status: replay.span.status.into(),
            undelivered: replay.span.status == ReplayStatus::Undelivered,
            events: names(&replay.span),
            since: DateTime(replay.span.since.to_string()),
            until: DateTime(replay.span.until.to_string()),
            made: replay.made,
            skipped: replay.skipped,
            succeeded: replay.succeeded,
            exhausted: replay.exhausted,
            canceled: replay.canceled,
            parked: replay.is_parked,
            created_at: DateTime(replay.created_at.to_string()),
            finished_at: replay.finished_at.map(|at| DateTime(at.to_string())),
        }
    }
}

impl CountView {
    /// The count of a span, within which all is kept from a time on.
    pub(super) fn new(count: ReplayCount, span: &ReplaySpan, complete_since: Option<Timestamp>) -> Self {
        Self {
            complete_since: complete_since.map(|since| DateTime(since.to_string())),
            matching: count.matching,
            is_lower_bound: count.is_lower_bound,
            status: span.status.into(),
            undelivered: span.status == ReplayStatus::Undelivered,
            events: names(span),
            since: DateTime(span.since.to_string()),
            until: DateTime(span.until.to_string()),
        }
    }
}

/// The types of events that a span names.
fn names(span: &ReplaySpan) -> Option<Vec<EventName>> {
    let names: Vec<_> = span.events.iter().cloned().map(EventName).collect();
    (!names.is_empty()).then_some(names)
}
