//! What the backend is told of its events.

use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaHeader, MetaResponses, Registry};
use poem_openapi::types::Type as _;
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;
use store::events::{AcceptOutcome, Counted};

use super::super::warning::Warning;
use crate::json::Json;
use crate::metrics::{EventResult, Metrics};
use crate::problem::{Code, Problem, ProblemBody};
use crate::rate_limit;

/// An event that was accepted: it is stored with all its deliveries.
#[derive(Debug, Serialize, Object)]
pub(crate) struct EventAccepted {
    /// The event's id; receivers see it as `webhook-id`.
    pub(super) id: String,
    /// How many endpoints the event is delivered to.
    pub(super) deliveries: u32,
    /// `true` if the idempotency key was used before: this is the first result again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) duplicate: Option<bool>,
    /// What is probably a mistake, though the event was accepted. Only if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) warnings: Option<Vec<Warning>>,
}

/// The results of a batch.
#[derive(Debug, Serialize, Object)]
pub(crate) struct BatchResults {
    /// How many events were accepted, repetitions included.
    accepted: u32,
    /// How many were not.
    rejected: u32,
    /// One result for each event, in the order of the request.
    results: Vec<BatchResult>,
}

/// The result of one event: either `status` is 202 and the event was accepted, or `error` says why it wasn't.
#[derive(Debug, Serialize, Object)]
pub(crate) struct BatchResult {
    /// The HTTP status that the event would have got if it had been pushed alone.
    pub(super) status: u16,
    /// The event's id. Only if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) id: Option<String>,
    /// How many endpoints the event is delivered to. Only if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) deliveries: Option<u32>,
    /// `true` if the idempotency key was used before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) duplicate: Option<bool>,
    /// What is probably a mistake, though the event was accepted. Only if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) warnings: Option<Vec<Warning>>,
    /// Why the event was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) error: Option<ProblemBody>,
}

/// The answer to an event.
#[derive(Debug, ApiResponse)]
pub(crate) enum Pushed {
    /// The event is stored with all its deliveries, now or since an earlier request with the same idempotency key.
    #[oai(status = 202)]
    Accepted(Json<EventAccepted>),
}

/// The answer to a batch: its results, and if no event was accepted, the problem that stands for all of theirs.
#[derive(Debug)]
pub(crate) struct BatchPushed {
    results: BatchResults,
    refusal: Option<Problem>,
    /// After how many seconds the last of those that were refused for now may come again.
    retry_after: Option<u32>,
}

impl BatchPushed {
    /// From what became of each event.
    pub(super) fn of(outcomes: Vec<Result<EventAccepted, Problem>>) -> Self {
        let problems: Vec<&Problem> = outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().err())
            .collect();
        let rejected = problems.len();
        let refusal = (rejected == outcomes.len()).then(|| refusal_of_all(&problems));
        let retry_after = problems
            .iter()
            .filter_map(|problem| problem.seconds_to_wait())
            .max();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            results: BatchResults {
                accepted: count(outcomes.len() - rejected),
                rejected: count(rejected),
                results: outcomes.into_iter().map(Into::into).collect(),
            },
            refusal,
            retry_after,
        }
    }
}

/// The problem of a batch of which nothing was accepted: the first event's, if the others' have the same status.
fn refusal_of_all(problems: &[&Problem]) -> Problem {
    let Some((first, others)) = problems.split_first() else {
        return Problem::new(Code::EmptyEvents);
    };
    if others
        .iter()
        .all(|other| other.http_status() == first.http_status())
    {
        (*first).clone()
    } else {
        Problem::new(Code::NothingAccepted)
    }
}

impl IntoResponse for BatchPushed {
    fn into_response(self) -> Response {
        let mut response = match &self.refusal {
            None => Json(self.results)
                .with_status(StatusCode::ACCEPTED)
                .into_response(),
            Some(problem) => problem.with_members(&self.results),
        };
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl ApiResponse for BatchPushed {
    fn meta() -> MetaResponses {
        let retry_after = MetaHeader {
            name: "Retry-After".to_owned(),
            description: Some(
                "Seconds to wait before what was refused for now is sent again. Only if something was."
                    .to_owned(),
            ),
            required: false,
            deprecated: false,
            schema: u32::schema_ref(),
        };
        let mut responses = Json::<BatchResults>::meta().responses;
        if let Some(response) = responses.first_mut() {
            response.status = Some(StatusCode::ACCEPTED.as_u16());
            response.description = "Every event was looked at, and its result says whether it was accepted.";
            response.headers.push(retry_after);
        }
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        BatchResults::register(registry);
    }
}

impl EventAccepted {
    /// From the store's answer, if that accepted the event. `is_unusual`: its account's id is none of the issuer's.
    pub(super) fn of(counted: Counted, is_unusual: bool) -> Result<Self, Problem> {
        match counted.outcome {
            AcceptOutcome::Accepted(accepted) => Ok(Self {
                id: accepted.id.into(),
                deliveries: accepted.deliveries,
                duplicate: accepted.duplicate.then_some(true),
                warnings: (is_unusual && !accepted.has_endpoints)
                    .then(|| vec![Warning::event_of_unknown_account()]),
            }),
            AcceptOutcome::IdempotencyConflict(parts) => Err(conflict(&parts)),
            AcceptOutcome::OverBudget => Err(Problem::new(Code::AccountOverBudget).retry_after(30)),
            AcceptOutcome::BeingErased => Err(Problem::new(Code::AccountBeingErased)),
            AcceptOutcome::NotReplicated => {
                tracing::warn!("too few replicas have an event in time: it stays, and its push was refused");
                Err(Problem::new(Code::NotReplicated).retry_after(2))
            }
            AcceptOutcome::RateLimited => Err(rate_limit::refusal(&counted.quotas)),
        }
    }
}

/// The refusal of an event whose key was used for another, which differs in these parts.
fn conflict(parts: &[String]) -> Problem {
    let problem = Problem::new(Code::IdempotencyConflict);
    let Some(first) = parts.first() else {
        return problem;
    };
    let names: Vec<_> = parts.iter().map(|part| format!("`{part}`")).collect();
    let detail = format!(
        "This key was used within the last 24 hours, with another {}. Send exactly what was sent then, or use a new key for what is new.",
        names.join(" and another ")
    );
    problem.detail(detail).field(first.as_str())
}

impl From<Result<EventAccepted, Problem>> for BatchResult {
    fn from(accepted: Result<EventAccepted, Problem>) -> Self {
        match accepted {
            Ok(event) => Self {
                status: 202,
                id: Some(event.id),
                deliveries: Some(event.deliveries),
                duplicate: event.duplicate,
                warnings: event.warnings,
                error: None,
            },
            Err(problem) => Self {
                status: problem.http_status().as_u16(),
                id: None,
                deliveries: None,
                duplicate: None,
                warnings: None,
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
