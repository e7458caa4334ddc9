//! The body of a request to replay many deliveries.

use domain::clock::Timestamp;
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use store::replays::ReplayStatus;

use super::super::super::fields;
use super::super::super::schema::{DateTime, DeliveredEvent, present};
use crate::app::App;
use crate::json::JsonRequest;
use crate::problem::{Code, Faults, Problem};

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
    /// `true`: replay what never got there, that is, the deliveries that were exhausted or canceled, unless a replay of them has
    /// succeeded since. Canceled ones are found for as long as payloads of delivered events are kept (24 hours unless configured
    /// otherwise), the latest 100,000 of an endpoint.
    #[serde(default, deserialize_with = "present")]
    pub(super) undelivered: Option<bool>,
    /// Replay only deliveries of events of these types; of all types, if absent.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, max_items = 14, unique_items))]
    pub(super) events: Option<Vec<DeliveredEvent>>,
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
        self.wanted().err()
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
    /// `true`: count the deliveries that were exhausted or canceled, unless a replay of them has succeeded since.
    #[serde(default, deserialize_with = "present")]
    undelivered: Option<bool>,
    /// Count only deliveries of events of these types; of all types, if absent.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, max_items = 14, unique_items))]
    events: Option<Vec<DeliveredEvent>>,
}

impl JsonRequest for CountReplay {
    const REQUIRED: &'static [(&'static str, &'static str)] = REQUIRED;

    fn fault(self, app: &App) -> Option<Problem> {
        ReplayDeliveries::from(self).fault(app)
    }
}

impl ReplayDeliveries {
    /// What is asked for, but for how long the span may be.
    pub(super) fn wanted(&self) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let since = faults.take(fields::timestamp(&self.since.0, "since"));
        let until = self.until.as_ref();
        let until = faults.take_any(until.map(|until| fields::timestamp(&until.0, "until")));
        let status = faults.take(self.status());
        let events = faults.take_any(self.events.as_deref().map(fields::delivered_events));
        let (Some(since), Some(until), Some(status), Some(events)) = (since, until, status, events) else {
            return Err(faults.into());
        };
        Ok(Wanted {
            since,
            until,
            status,
            events: events.unwrap_or_default(),
        })
    }

    fn status(&self) -> Result<ReplayStatus, Problem> {
        match (self.status, self.undelivered) {
            (Some(EndedAs::Succeeded), Some(true)) => Err(Problem::new(Code::InvalidValue)
                .detail("What succeeded was delivered: leave out `status`, or `undelivered`.")
                .field("undelivered")
                .param("allowed", vec![false])),
            (_, Some(true)) => Ok(ReplayStatus::Undelivered),
            (status, _) => Ok(status.map_or(ReplayStatus::Exhausted, EndedAs::into)),
        }
    }
}

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) since: Timestamp,
    /// `None`: now.
    pub(super) until: Option<Timestamp>,
    pub(super) status: ReplayStatus,
    /// The types of events; empty: all.
    pub(super) events: Vec<String>,
}

impl From<CountReplay> for ReplayDeliveries {
    fn from(wanted: CountReplay) -> Self {
        Self {
            since: wanted.since,
            until: wanted.until,
            status: wanted.status,
            undelivered: wanted.undelivered,
            events: wanted.events,
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
            ReplayStatus::Exhausted | ReplayStatus::Undelivered => Self::Exhausted,
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
