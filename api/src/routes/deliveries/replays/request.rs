//! The body of a request to replay many deliveries.

use domain::clock::Timestamp;
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use store::replays::ReplayStatus;

use super::super::super::fields;
use super::super::super::schema::{DateTime, present};
use crate::app::App;
use crate::json::JsonRequest;
use crate::problem::{Faults, Problem};

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

/// What a replay must say.
const REQUIRED: &[(&str, &str)] = &[("since", "\"1970-01-01T00:00:00Z\"")];

impl JsonRequest for ReplayDeliveries {
    const REQUIRED: &'static [(&'static str, &'static str)] = REQUIRED;

    fn fault(self, _: &App) -> Option<Problem> {
        self.times().err()
    }
}

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

impl JsonRequest for CountReplay {
    const REQUIRED: &'static [(&'static str, &'static str)] = REQUIRED;

    fn fault(self, app: &App) -> Option<Problem> {
        ReplayDeliveries::from(self).fault(app)
    }
}

impl ReplayDeliveries {
    /// The span's beginning, and its end if it has one.
    pub(super) fn times(&self) -> Result<(Timestamp, Option<Timestamp>), Problem> {
        let mut faults = Faults::default();
        let since = faults.take(fields::timestamp(&self.since.0, "since"));
        let until = self.until.as_ref();
        let until = faults.take_any(until.map(|until| fields::timestamp(&until.0, "until")));
        let (Some(since), Some(until)) = (since, until) else {
            return Err(faults.into());
        };
        Ok((since, until))
    }
}

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
