//! An account at a glance.

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
use crate::caller::DashboardUser;
use crate::json::Json;
use crate::problem::Problem;

/// The hours that are told: this one and those before it.
const HOURS: u64 = 24;

const HOUR_MS: u64 = 60 * 60 * 1000;

/// The call.
#[derive(Debug, Clone, Copy)]
pub struct SummaryApi;

/// An account at a glance.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// How many endpoints there are in each state.
    endpoints: EndpointCounts,
    /// What deliveries came to in the last 24 hours, oldest hour first; the last one is not over.
    hours: Vec<HourView>,
    /// What needs attention, most urgent first: at most one thing for each endpoint, and one for the account.
    attention: Vec<AttentionView>,
    /// Bytes of payloads that are not finished: waiting, parked, or waiting for a retry.
    unfinished_bytes: u64,
    /// How many bytes that may be; events beyond it are refused.
    budget_bytes: u64,
    /// What the operator of the service should know about where events are kept, while everything goes on.
    warnings: Vec<WarningView>,
}

/// Something that the operator of the service should know.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Warning")]
pub(crate) struct WarningView {
    /// What it is, as a word that never changes.
    code: String,
    /// What it is, and what to do about it.
    message: String,
}

/// How many endpoints there are in each state.
#[derive(Debug, Default, Serialize, Object)]
pub(crate) struct EndpointCounts {
    /// Events are sent.
    active: u64,
    /// Failures switched them off: events are parked.
    disabled: u64,
    /// Their owner switched them off.
    off: u64,
}

/// What deliveries came to in an hour.
#[derive(Debug, PartialEq, Eq, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Hour", rename_all = "camelCase")]
pub(crate) struct HourView {
    /// When it began.
    start: DateTime,
    /// Deliveries that succeeded.
    succeeded: u64,
    /// Attempts that failed; most are repeated.
    failed_attempts: u64,
    /// Deliveries that were given up.
    exhausted: u64,
    /// Deliveries that their owner discarded.
    canceled: u64,
}

/// Something that needs attention.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Attention", rename_all = "camelCase")]
pub(crate) struct AttentionView {
    /// The endpoint that it is about; `null` when it is about the account.
    #[oai(nullable)]
    endpoint_id: Option<String>,
    /// What it is.
    reason: ReasonView,
    /// What to do about it, in a sentence.
    advice: String,
    /// Since when it is so; `null` if that is not known.
    #[oai(nullable)]
    since: Option<DateTime>,
}

/// Why something needs attention.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "AttentionReason", rename_all = "snake_case")]
pub(crate) enum ReasonView {
    /// The account's unfinished bytes are near its budget.
    NearBudget,
    /// Failures in a row disabled the endpoint.
    ConsecutiveFailures,
    /// The receiver answered `410 Gone`, which disabled the endpoint.
    Gone,
    /// The endpoint's last attempts failed.
    Failing,
    /// More waits at the endpoint than is sent soon.
    LongLine,
}

#[OpenApi(tag = "Group::Endpoints")]
impl SummaryApi {
    /// Get a summary of the account
    ///
    /// Endpoints by state, what deliveries came to in each of the last 24 hours, and what needs attention.
    #[oai(path = "/api/webhooks-summary", method = "get", operation_id = "getSummary")]
    async fn get(&self, user: DashboardUser, app: Data<&App>) -> Result<Json<Summary>, Problem> {
        let store = app.store.get()?;
        let facts = store.account_facts(&user.account).await?;
        let budget = app.allowance.budgets.account_bytes;
        Ok(Json(Summary {
            endpoints: EndpointCounts::of(&facts.endpoints),
            hours: hours(&facts.hours, facts.now),
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
            match endpoint.state {
                EndpointState::Active => counts.active += 1,
                EndpointState::Disabled => counts.disabled += 1,
                EndpointState::Off => counts.off += 1,
            }
        }
        counts
    }
}

/// The last hours, oldest first, also those in which nothing happened.
fn hours(counted: &HashMap<(u64, String), u64>, now: Timestamp) -> Vec<HourView> {
    let this = now.as_millis() / HOUR_MS;
    (this.saturating_sub(HOURS - 1)..=this)
        .map(|hour| {
            let count = |outcome: &str| counted.get(&(hour, outcome.to_owned())).copied().unwrap_or(0);
            HourView {
                start: DateTime(beginning(hour).to_string()),
                succeeded: count("succeeded"),
                failed_attempts: count("failedAttempts"),
                exhausted: count("exhausted"),
                canceled: count("canceled"),
            }
        })
        .collect()
}

fn beginning(hour: u64) -> Timestamp {
    i64::try_from(hour * HOUR_MS)
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

impl From<AttentionReason> for ReasonView {
    fn from(reason: AttentionReason) -> Self {
        match reason {
            AttentionReason::NearBudget => Self::NearBudget,
            AttentionReason::ConsecutiveFailures => Self::ConsecutiveFailures,
            AttentionReason::Gone => Self::Gone,
            AttentionReason::Failing => Self::Failing,
            AttentionReason::LongLine => Self::LongLine,
        }
    }
}

#[cfg(test)]
mod tests;
