//! What the backend is told of its events.

use poem_openapi::{ApiResponse, Object};
use serde::Serialize;
use store::events::{AcceptOutcome, Counted};

use crate::json::Json;
use crate::metrics::{EventResult, Metrics};
use crate::problem::{Code, Problem, ProblemBody};
use crate::rate_limit::RateLimits;

/// An event that is safe: it is stored with all its deliveries.
#[derive(Debug, Serialize, Object)]
pub(crate) struct EventAccepted {
    /// The event's id; receivers see it as `webhook-id`.
    pub(super) id: String,
    /// How many endpoints get it.
    pub(super) deliveries: u32,
    /// `true` when the idempotency key was seen before: this is the first result again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) duplicate: Option<bool>,
}

/// What became of each event, in order.
#[derive(Debug, Serialize, Object)]
pub(crate) struct BatchResults {
    /// One result for each event of the batch.
    pub(super) results: Vec<BatchResult>,
}

/// What became of one event: either it was accepted (202), or `error` says why not.
#[derive(Debug, Serialize, Object)]
pub(crate) struct BatchResult {
    /// The status that the event alone would have been answered with.
    pub(super) status: u16,
    /// The event's id, if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) id: Option<String>,
    /// How many endpoints get it, if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) deliveries: Option<u32>,
    /// `true` when the idempotency key was seen before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) duplicate: Option<bool>,
    /// Why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) error: Option<ProblemBody>,
}

/// The answer to an event.
#[derive(Debug, ApiResponse)]
pub(crate) enum Pushed {
    /// The event is stored with all its deliveries, or was before.
    #[oai(status = 202)]
    Accepted(Json<EventAccepted>),
}

/// The answer to a batch.
#[derive(Debug, ApiResponse)]
pub(crate) enum BatchPushed {
    /// Every event was looked at; each result says what became of it.
    #[oai(status = 202)]
    Accepted(Json<BatchResults>),
}

impl EventAccepted {
    /// What the store answered, as far as it accepted the event.
    pub(super) fn of(counted: Counted, rates: &RateLimits) -> Result<Self, Problem> {
        match counted.outcome {
            AcceptOutcome::Accepted(accepted) => Ok(Self {
                id: accepted.id.into(),
                deliveries: accepted.deliveries,
                duplicate: accepted.duplicate.then_some(true),
            }),
            AcceptOutcome::IdempotencyConflict => Err(Problem::new(Code::IdempotencyConflict)),
            AcceptOutcome::OverBudget => Err(Problem::new(Code::AccountOverBudget).retry_after(30)),
            AcceptOutcome::RateLimited => Err(rates.refusal(&counted.quotas)),
        }
    }
}

impl From<Result<EventAccepted, Problem>> for BatchResult {
    fn from(accepted: Result<EventAccepted, Problem>) -> Self {
        match accepted {
            Ok(event) => Self {
                status: 202,
                id: Some(event.id),
                deliveries: Some(event.deliveries),
                duplicate: event.duplicate,
                error: None,
            },
            Err(problem) => Self {
                status: problem.http_status().as_u16(),
                id: None,
                deliveries: None,
                duplicate: None,
                error: Some(problem.body()),
            },
        }
    }
}

/// Counts what came of an event.
pub(super) fn count(metrics: &Metrics, accepted: &Result<EventAccepted, Problem>) {
    let result = match accepted {
        Ok(event) if event.duplicate.is_some() => EventResult::Duplicate,
        Ok(event) => {
            metrics.deliveries(event.deliveries);
            EventResult::Accepted
        }
        Err(problem) if problem.http_status().is_server_error() => EventResult::Failed,
        Err(_) => EventResult::Rejected,
    };
    metrics.event(result);
}
