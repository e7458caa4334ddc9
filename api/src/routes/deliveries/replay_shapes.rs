//! The JSON of replays of many.

use poem_openapi::{ApiResponse, Enum, Object};
use serde::{Deserialize, Serialize};
use store::replays::{Replay, ReplayCount, ReplaySpan, ReplayState, ReplayStatus};

use super::super::schema::{DateTime, present};
use crate::allowance::Allowance;
use crate::json::{Json, JsonRequest};

/// More than any request needs.
const MAX_BODY: usize = 16 * 1024;

/// What to send again: the deliveries that ended within a time span.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReplayDeliveries {
    /// Where the span begins, at most 31 days before its end.
    pub(super) since: DateTime,
    /// Where it ends; now, if absent.
    #[serde(default, deserialize_with = "present")]
    pub(super) until: Option<DateTime>,
    /// How the deliveries ended; `exhausted` if absent.
    #[serde(default, deserialize_with = "present")]
    pub(super) status: Option<EndedAs>,
    /// `true`: send nothing, answer only how many there are.
    #[serde(default, deserialize_with = "present")]
    pub(super) dry_run: Option<bool>,
}

impl JsonRequest for ReplayDeliveries {
    fn max_bytes(_: &Allowance) -> usize {
        MAX_BODY
    }
}

/// How deliveries ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(try_from = "String", rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum EndedAs {
    /// They were given up.
    Exhausted,
    /// They succeeded; as far as the log goes back.
    Succeeded,
}

impl TryFrom<String> for EndedAs {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "exhausted" => Ok(Self::Exhausted),
            "succeeded" => Ok(Self::Succeeded),
            _ => Err("`exhausted` or `succeeded`"),
        }
    }
}

/// A replay of many deliveries.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Replay", rename_all = "camelCase")]
pub(crate) struct ReplayView {
    /// Its id.
    id: String,
    /// How far it is.
    state: ReplayStateName,
    /// How the deliveries ended that it sends again.
    status: EndedAs,
    /// Where its span begins.
    since: DateTime,
    /// Where it ends.
    until: DateTime,
    /// New deliveries so far.
    made: u64,
    /// Deliveries that were left out so far: their payload is no longer kept, or they are replays themselves.
    skipped: u64,
    /// New deliveries that succeeded.
    succeeded: u64,
    /// New deliveries that were given up.
    exhausted: u64,
    /// New deliveries that were canceled.
    canceled: u64,
    /// Whether its deliveries are parked because the endpoint is not active: they are sent once it is switched on.
    parked: bool,
    /// When it began.
    created_at: DateTime,
    /// When all were made, or it was canceled; `null` while it runs.
    #[oai(nullable)]
    finished_at: Option<DateTime>,
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "ReplayState", rename_all = "snake_case")]
pub(crate) enum ReplayStateName {
    /// New deliveries are being made, a few at a time.
    Running,
    /// All were made; some may still be under way.
    Finished,
    /// It was canceled: no more are made.
    Canceled,
}

/// What a replay would send again.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "ReplayCount", rename_all = "camelCase")]
pub(crate) struct CountView {
    /// How many deliveries there are.
    matching: u64,
    /// Whether there may be more: counting stops after some thousands.
    is_lower_bound: bool,
    /// How they ended.
    status: EndedAs,
    /// Where the span begins.
    since: DateTime,
    /// Where it ends.
    until: DateTime,
}

/// The answer to a replay of many.
#[derive(Debug, ApiResponse)]
pub(crate) enum ManyReplayed {
    /// `dryRun`: nothing was sent.
    #[oai(status = 200)]
    Counted(Json<CountView>),
    /// It runs.
    #[oai(status = 202)]
    Started(
        Json<ReplayView>,
        /// The path of the replay.
        #[oai(header = "Location")]
        String,
    ),
}

impl From<Replay> for ReplayView {
    fn from(replay: Replay) -> Self {
        Self {
            id: replay.id.into(),
            state: match replay.state {
                ReplayState::Running => ReplayStateName::Running,
                ReplayState::Finished => ReplayStateName::Finished,
                ReplayState::Canceled => ReplayStateName::Canceled,
            },
            status: replay.span.status.into(),
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
    /// The count of a span.
    pub(super) fn new(count: ReplayCount, span: &ReplaySpan) -> Self {
        Self {
            matching: count.matching,
            is_lower_bound: count.is_lower_bound,
            status: span.status.into(),
            since: DateTime(span.since.to_string()),
            until: DateTime(span.until.to_string()),
        }
    }
}

impl From<ReplayStatus> for EndedAs {
    fn from(status: ReplayStatus) -> Self {
        match status {
            ReplayStatus::Exhausted => Self::Exhausted,
            ReplayStatus::Succeeded => Self::Succeeded,
        }
    }
}

impl From<EndedAs> for ReplayStatus {
    fn from(ended: EndedAs) -> Self {
        match ended {
            EndedAs::Exhausted => Self::Exhausted,
            EndedAs::Succeeded => Self::Succeeded,
        }
    }
}
