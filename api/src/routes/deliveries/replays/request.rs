//! The body of a request to replay many deliveries.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use store::replays::ReplayStatus;

use super::super::super::schema::{DateTime, present};
use crate::json::JsonRequest;

/// Which deliveries to replay: those that ended within a time span.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReplayDeliveries {
    /// The beginning of the span, at most 31 days before its end.
    pub(super) since: DateTime,
    /// The end of the span; now, if absent.
    #[serde(default, deserialize_with = "present")]
    pub(super) until: Option<DateTime>,
    /// Replay the deliveries that ended like this; `exhausted` if absent.
    #[serde(default, deserialize_with = "present")]
    pub(super) status: Option<EndedAs>,
    /// Deprecated: `true` sends nothing and only counts the deliveries.
    #[oai(deprecated)]
    #[serde(default, deserialize_with = "present")]
    pub(super) dry_run: Option<bool>,
}

impl JsonRequest for ReplayDeliveries {}

/// Which deliveries to count: those that a replay of the same span would send again.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CountReplay {
    /// The beginning of the span, at most 31 days before its end.
    since: DateTime,
    /// The end of the span; now, if absent.
    #[serde(default, deserialize_with = "present")]
    until: Option<DateTime>,
    /// Count the deliveries that ended like this; `exhausted` if absent.
    #[serde(default, deserialize_with = "present")]
    status: Option<EndedAs>,
}

impl JsonRequest for CountReplay {}

impl From<CountReplay> for ReplayDeliveries {
    fn from(wanted: CountReplay) -> Self {
        Self {
            since: wanted.since,
            until: wanted.until,
            status: wanted.status,
            dry_run: None,
        }
    }
}

/// How deliveries ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(try_from = "String", rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum EndedAs {
    /// The last attempt failed, or the delivery was given up.
    Exhausted,
    /// The delivery succeeded. It is found as far back as the log goes.
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
