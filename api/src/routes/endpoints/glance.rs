//! How an endpoint does, at a glance: from what the scripts keep beside it, without a look into its log.

use domain::clock::Timestamp;
use domain::endpoint::{AttemptCounts, Endpoint, EndpointState, LastError, Recent};
use poem_openapi::Object;
use serde::Serialize;

use super::super::attempt::whole_millis;
use super::super::schema::{DateTime, ErrorName};
use super::health_view::ParkedView;
use super::view::EndpointView;
use super::warning::Warning;
use crate::health::advice_on;

const HOUR_MS: u64 = 60 * 60 * 1000;
const HOURS: u64 = 24;
const DAYS: u64 = 90;

/// Endpoints of the account, oldest first.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct EndpointList {
    /// The endpoints.
    pub(super) endpoints: Vec<ListedEndpointView>,
    /// Where the next page begins: give it as `cursor`. It is absent on the last page, and where all came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) next_cursor: Option<String>,
    /// What is probably a mistake: the account may be misspelt. Only if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) warnings: Option<Vec<Warning>>,
}

/// An endpoint in a list, with its health in short.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "ListedEndpoint", rename_all = "camelCase")]
pub(crate) struct ListedEndpointView {
    /// The endpoint.
    #[serde(flatten)]
    #[oai(flatten)]
    endpoint: EndpointView,
    /// How well deliveries to it work, in short.
    health: GlanceView,
    /// Its attempts in each of the last 24 hours, oldest first. The last hour is not over yet.
    hours: Vec<AttemptsView>,
}

/// How well deliveries to an endpoint work, in short.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "HealthInShort", rename_all = "camelCase")]
pub(crate) struct GlanceView {
    /// The share of the latest attempts that succeeded, from 0 to 1; `null` if there were none.
    #[oai(nullable)]
    success_rate: Option<f64>,
    /// About the 95th percentile of their durations, in milliseconds, within 12 %; `null` if there were none.
    #[oai(nullable)]
    p95_ms: Option<u64>,
    /// How many attempts these are: at most 100, without test events and without those that were held.
    sampled_attempts: u64,
    /// The last attempt that failed, also if others succeeded since, or that was one of the failures in a row because the receiver asked us to wait
    /// (429, or 503 with `Retry-After`); `null` if none did.
    #[oai(nullable)]
    last_error: Option<LastErrorView>,
    /// How many deliveries will be sent: they wait for their turn or a retry, or are in flight.
    queue: u64,
    /// Deliveries that are held back until the endpoint is switched on; none while it is active.
    parked: ParkedView,
}

/// A failed attempt, and what to do about it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "LastError")]
pub(crate) struct LastErrorView {
    /// When the attempt ended.
    at: DateTime,
    /// What went wrong, as a stable code.
    error: ErrorName,
    /// The HTTP status of the receiver's answer; `null` if there was none.
    #[oai(nullable)]
    status: Option<u16>,
    /// What the failure means and what to do about it, in one sentence.
    advice: String,
}

/// How attempts went in an hour or on a day.
#[derive(Debug, PartialEq, Eq, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "AttemptCounts", rename_all = "camelCase")]
pub(crate) struct AttemptsView {
    /// When it began (UTC).
    start: DateTime,
    /// How many attempts succeeded.
    succeeded: u64,
    /// How many attempts failed.
    failed_attempts: u64,
}

impl ListedEndpointView {
    pub(super) fn of(endpoint: Endpoint, now: Timestamp) -> Self {
        Self {
            health: GlanceView::of(&endpoint, now),
            hours: hours(&endpoint.recent, now),
            endpoint: endpoint.into(),
        }
    }
}

impl GlanceView {
    fn of(endpoint: &Endpoint, now: Timestamp) -> Self {
        let (recent, depth) = (&endpoint.recent, &endpoint.queue);
        let is_active = endpoint.state == EndpointState::Active;
        let waiting = depth.waiting + depth.retrying;
        Self {
            success_rate: recent.success_rate(),
            p95_ms: recent.p95().map(whole_millis),
            sampled_attempts: recent.attempts() as u64,
            last_error: recent
                .last_error
                .as_ref()
                .map(|error| LastErrorView::of(error, now)),
            queue: depth.in_flight + if is_active { waiting } else { 0 },
            parked: if is_active {
                ParkedView::default()
            } else {
                ParkedView::of(waiting, depth.bytes)
            },
        }
    }
}

impl LastErrorView {
    fn of(last: &LastError, now: Timestamp) -> Self {
        Self {
            at: last.at.into(),
            error: ErrorName(last.error.clone()),
            status: last.status,
            advice: advice_on(last, now),
        }
    }
}

/// The last hours, oldest first, including those in which nothing happened.
pub(super) fn hours(recent: &Recent, now: Timestamp) -> Vec<AttemptsView> {
    let this = now.as_millis() / HOUR_MS;
    let hours = this.saturating_sub(HOURS - 1)..=this;
    hours
        .map(|hour| AttemptsView::of(hour * HOUR_MS, recent.in_hour(hour)))
        .collect()
}

/// The last days, oldest first, including those on which nothing happened.
pub(super) fn days(recent: &Recent, now: Timestamp) -> Vec<AttemptsView> {
    let this = now.as_millis() / (24 * HOUR_MS);
    let days = this.saturating_sub(DAYS - 1)..=this;
    days.map(|day| AttemptsView::of(day * 24 * HOUR_MS, recent.on_day(day)))
        .collect()
}

impl AttemptsView {
    fn of(start_ms: u64, counts: AttemptCounts) -> Self {
        let start = i64::try_from(start_ms).ok().and_then(Timestamp::from_millis);
        Self {
            start: start.unwrap_or_default().into(),
            succeeded: counts.succeeded,
            failed_attempts: counts.failed,
        }
    }
}

#[cfg(test)]
mod tests;
