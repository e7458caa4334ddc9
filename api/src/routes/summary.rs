//! The account at a glance.

use std::collections::HashMap;

use crate::health::{Attention, AttentionReason, attention};
use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, EndpointState};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi};
use serde::Serialize;
use store::condition::StoreWarning;

use super::schema::DateTime;
use super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::problem::Problem;

/// How many hours the summary covers: the present one and those before it.
const HOURS: u64 = 24;

const HOUR_MS: u64 = 60 * 60 * 1000;

/// How many days it covers.
const DAYS: u64 = 90;

/// Summing up an account.
#[derive(Debug, Clone, Copy)]
pub struct SummaryApi;

/// The account at a glance.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// How many endpoints there are in each state.
    endpoints: EndpointCounts,
    /// The results of deliveries in each of the last 24 hours, oldest first. The last hour is not over yet.
    hours: Vec<HourView>,
    /// The same on each of the last 90 days (UTC), oldest first. Today is not over yet.
    days: Vec<HourView>,
    /// What needs attention, most urgent first: at most one item for each endpoint, and one for the account.
    attention: Vec<AttentionView>,
    /// The total size of the payloads whose deliveries are not finished (waiting, in flight, waiting for a retry, or parked), in
    /// bytes.
    unfinished_bytes: u64,
    /// The limit of `unfinishedBytes`. Events that would exceed it are refused.
    budget_bytes: u64,
    /// What the operator of the service should know about the store that keeps the events. Deliveries go on.
    warnings: Vec<WarningView>,
}

/// Something that the operator of the service should know.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Warning")]
pub(crate) struct WarningView {
    /// A stable code.
    code: String,
    /// What the matter is, and what to do about it.
    message: String,
}

/// How many endpoints there are in each state.
#[derive(Debug, Default, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct EndpointCounts {
    /// Active: events are sent, unless an operator pauses them.
    active: u64,
    /// Paused by their owner: events are parked.
    paused: u64,
    /// Disabled by failures: events are parked.
    disabled: u64,
    /// Switched off by their owner.
    off: u64,
    /// Of all these, paused or throttled by the operator of the service.
    operator_holds: u64,
}

/// The results of deliveries in one hour, or on one day.
#[derive(Debug, PartialEq, Eq, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Hour", rename_all = "camelCase")]
pub(crate) struct HourView {
    /// When it began.
    start: DateTime,
    /// How many deliveries succeeded.
    succeeded: u64,
    /// How many attempts failed. Most of them are retried.
    failed_attempts: u64,
    /// After how many attempts the receiver asked us to wait. They don't count.
    held_attempts: u64,
    /// How many deliveries were exhausted.
    exhausted: u64,
    /// How many deliveries were canceled.
    canceled: u64,
}

/// Something that needs attention.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Attention", rename_all = "camelCase")]
pub(crate) struct AttentionView {
    /// The id of the endpoint concerned; `null` if it is about the account.
    #[oai(nullable)]
    endpoint_id: Option<String>,
    /// Why it needs attention.
    reason: AttentionReasonView,
    /// What to do about it, in one sentence.
    advice: String,
    /// Since when it has been so; `null` if that is not known.
    #[oai(nullable)]
    since: Option<DateTime>,
}

/// Why something needs attention.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "AttentionReason", rename_all = "snake_case")]
pub(crate) enum AttentionReasonView {
    /// The account's unfinished bytes are close to their limit.
    NearBudget,
    /// Too many failures in a row disabled the endpoint.
    ConsecutiveFailures,
    /// The receiver answered `410 Gone`, which disabled the endpoint.
    Gone,
    /// The latest attempts failed.
    Failing,
    /// The receiver asked us to wait for more than a minute.
    Held,
    /// So many deliveries are waiting that it will take long to send them.
    LongLine,
    /// The operator of the service has paused the endpoint, or all of them.
    OperatorHold,
}

#[OpenApi(tag = "Group::Endpoints")]
impl SummaryApi {
    /// Get a summary of the account
    ///
    /// Returns the number of endpoints in each state, the results of deliveries in each of the last 24 hours and on each of the last 90
    /// days, and what needs attention.
    #[oai(path = "/api/webhooks-summary", method = "get", operation_id = "getSummary")]
    async fn get(&self, caller: Caller, app: Data<&App>) -> Result<Json<Summary>, Problem> {
        let store = app.store.of(&caller.account)?;
        let facts = store.account_facts(&caller.account).await?;
        let limits = store.account_limits(&caller.account).await?;
        let budget = limits.budget_bytes.unwrap_or(app.allowance.budgets.account_bytes);
        Ok(Json(Summary {
            endpoints: EndpointCounts::of(&facts.endpoints),
            hours: results(&facts.hours, facts.now, HOURS, HOUR_MS),
            days: results(&facts.days, facts.now, DAYS, 24 * HOUR_MS),
            attention: attention(&facts, budget).into_iter().map(Into::into).collect(),
            unfinished_bytes: facts.unfinished_bytes,
            budget_bytes: budget,
            warnings: store.warnings().into_iter().map(Into::into).collect(),
        }))
    }
}

impl Resource for SummaryApi {
    const CALLS: &'static [Call] = &[Call::new("getSummary", &[])];
    const EXAMPLES: &'static str = include_str!("summary.json");
}

impl EndpointCounts {
    fn of(endpoints: &[Endpoint]) -> Self {
        let mut counts = Self::default();
        for endpoint in endpoints {
            counts.operator_holds += u64::from(endpoint.operator_hold.is_some());
            match endpoint.state {
                EndpointState::Active | EndpointState::Suspended => counts.active += 1,
                EndpointState::Paused => counts.paused += 1,
                EndpointState::Disabled => counts.disabled += 1,
                EndpointState::Off => counts.off += 1,
            }
        }
        counts
    }
}

/// The last hours or days, oldest first, including those in which nothing happened: so many, each so long (ms).
fn results(counted: &HashMap<(u64, String), u64>, now: Timestamp, number: u64, length: u64) -> Vec<HourView> {
    let this = now.as_millis() / length;
    (this.saturating_sub(number - 1)..=this)
        .map(|place| {
            let count = |outcome: &str| counted.get(&(place, outcome.to_owned())).copied().unwrap_or(0);
            HourView {
                start: DateTime(beginning(place * length).to_string()),
                succeeded: count("succeeded"),
                failed_attempts: count("failedAttempts"),
                held_attempts: count("heldAttempts"),
                exhausted: count("exhausted"),
                canceled: count("canceled"),
            }
        })
        .collect()
}

fn beginning(ms: u64) -> Timestamp {
    i64::try_from(ms)
        .ok()
        .and_then(Timestamp::from_millis)
        .unwrap_or_default()
}

impl From<StoreWarning> for WarningView {
    fn from(warning: StoreWarning) -> Self {
        Self {
            code: warning.code.to_owned(),
            message: warning.message,
        }
    }
}

impl From<Attention> for AttentionView {
    fn from(attention: Attention) -> Self {
        Self {
            endpoint_id: attention.endpoint.map(Into::into),
            reason: attention.reason.into(),
            advice: attention.advice,
            since: attention.since.map(|at| DateTime(at.to_string())),
        }
    }
}

impl From<AttentionReason> for AttentionReasonView {
    fn from(reason: AttentionReason) -> Self {
        match reason {
            AttentionReason::NearBudget => Self::NearBudget,
            AttentionReason::ConsecutiveFailures => Self::ConsecutiveFailures,
            AttentionReason::Gone => Self::Gone,
            AttentionReason::Failing => Self::Failing,
            AttentionReason::Held => Self::Held,
            AttentionReason::LongLine => Self::LongLine,
            AttentionReason::OperatorHold => Self::OperatorHold,
        }
    }
}

#[cfg(test)]
mod tests;
