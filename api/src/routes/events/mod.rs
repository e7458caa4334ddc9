//! The backend's calls: accept events, one or many.
//!
//! An answer of 202 means that the event is in Redis with all its deliveries. Each event is accepted as a whole or not
//! at all; in a batch, each on its own.

pub(super) mod idempotency;

mod shapes;

use domain::clock::Timestamp;
use domain::event::Payload;
use domain::id::EventId;
use poem::web::Data;
use poem_openapi::OpenApi;
use store::StoreError;
use store::events::{AcceptOutcome, CountedOutcome, Idempotency, NewEvent};

use self::idempotency::{IdempotencyHeader, fingerprint};
use self::shapes::{
    BatchEvent, BatchPushed, BatchResult, BatchResults, EventAccepted, MAX_BATCH, PushBatch, PushEvent,
    Pushed, RawItem,
};
use super::{Group, fields};
use crate::allowance::Allowance;
use crate::app::App;
use crate::caller::Backend;
use crate::headers::OnceHeader;
use crate::json::{self, Json};
use crate::metrics::{EventResult, Metrics};
use crate::problem::{Code, Problem};

/// The calls.
#[derive(Debug, Clone, Copy)]
pub struct EventsApi;

#[OpenApi(tag = "Group::Events")]
impl EventsApi {
    /// Push an event
    ///
    /// Answers once the event and one delivery for each matching endpoint are stored. An endpoint matches when it
    /// subscribes to the event's type (or `*`) and to its chatbot (or to none in particular).
    #[oai(path = "/api/events", method = "post", operation_id = "pushEvent")]
    async fn push(
        &self,
        backend: Backend,
        app: Data<&App>,
        key: OnceHeader<IdempotencyHeader>,
        body: Json<PushEvent>,
    ) -> Result<Pushed, Problem> {
        let accepted = push_one(&app, &backend, key, body.0).await;
        count(&app.metrics, &accepted);
        Ok(Pushed::Accepted(Json(accepted?)))
    }

    /// Push many events
    ///
    /// Up to 1,000 events and 5 MiB. The answer has one result for each event, in order; an event that is wrong
    /// rejects only itself.
    #[oai(path = "/api/events/batch", method = "post", operation_id = "pushEvents")]
    async fn push_batch(
        &self,
        backend: Backend,
        app: Data<&App>,
        body: Json<PushBatch>,
    ) -> Result<BatchPushed, Problem> {
        let items = body.0.events;
        if items.is_empty() {
            return Err(Problem::new(Code::EmptyEvents).field("events"));
        }
        if items.len() > MAX_BATCH {
            return Err(Problem::new(Code::TooManyEvents)
                .detail(format!("Give at most {MAX_BATCH} events in one batch: split it."))
                .field("events"));
        }
        let now = Timestamp::now();
        let mut events = Vec::with_capacity(items.len());
        // What is wrong with an item stands in its place until the others are accepted.
        let refusals: Vec<Option<Problem>> = items
            .iter()
            .map(|item| {
                prepare_item(item, &app.allowance, now)
                    .map(|event| events.push(event))
                    .err()
            })
            .collect();
        let outcomes = if events.is_empty() {
            Vec::new()
        } else {
            app.store
                .for_events()?
                .accept_limited(&events, app.allowance.budgets, &backend.limits)
                .await
        };
        let mut outcomes = all_or_some(outcomes)?.into_iter();
        let results = refusals
            .into_iter()
            .map(|refusal| {
                let accepted = match refusal {
                    Some(problem) => Err(problem),
                    None => match outcomes.next() {
                        Some(outcome) => outcome
                            .map_err(Problem::from)
                            .and_then(|outcome| accepted(&app, &backend, outcome)),
                        None => Err(Problem::new(Code::InternalError)),
                    },
                };
                count(&app.metrics, &accepted);
                accepted.into()
            })
            .collect();
        Ok(BatchPushed::Accepted(Json(BatchResults { results })))
    }
}

async fn push_one(
    app: &App,
    backend: &Backend,
    key: OnceHeader<IdempotencyHeader>,
    body: PushEvent,
) -> Result<EventAccepted, Problem> {
    let event = prepare(body, key.0.map(|key| key.0), &app.allowance, Timestamp::now())?;
    let store = app.store.for_events()?;
    let counted = store
        .accept_one_limited(event, app.allowance.budgets, backend.limits.clone())
        .await?;
    accepted(app, backend, counted)
}

/// When Redis failed for every event, the batch failed as a whole.
fn all_or_some(
    outcomes: Vec<Result<CountedOutcome, StoreError>>,
) -> Result<Vec<Result<CountedOutcome, StoreError>>, Problem> {
    if outcomes.iter().any(Result::is_ok) {
        return Ok(outcomes);
    }
    match outcomes.into_iter().next() {
        Some(Err(error)) => Err(error.into()),
        _ => Ok(Vec::new()),
    }
}

fn prepare_item(item: &RawItem, allowance: &Allowance, now: Timestamp) -> Result<NewEvent, Problem> {
    let text = item.0.get();
    let (event, key) = json::parse_object::<BatchEvent>(text)
        .map_err(Problem::about_an_item)?
        .split();
    let key = key
        .map(|key| fields::idempotency_key(&key, "idempotencyKey"))
        .transpose()?;
    prepare(event, key, allowance, now)
}

/// Checks an event and builds what receivers get.
fn prepare(
    body: PushEvent,
    key: Option<String>,
    allowance: &Allowance,
    now: Timestamp,
) -> Result<NewEvent, Problem> {
    let account = fields::account_id(&body.account_id.0)?;
    let event = fields::event_type(&body.event.0)?;
    let chatbot_id = fields::chatbot_id(body.chatbot_id.0)?;
    let given_time = body.timestamp.map(|text| text.0);
    let timestamp = given_time
        .as_deref()
        .map(|text| fields::timestamp(text, "timestamp"))
        .transpose()?
        .unwrap_or(now);
    let payload = Payload::build(
        event,
        &chatbot_id,
        timestamp,
        body.data.0.get(),
        allowance.payload_bytes,
    )?;
    let idempotency = key.map(|key| Idempotency {
        key,
        fingerprint: fingerprint(event, &chatbot_id, given_time.as_deref(), &payload),
    });
    Ok(NewEvent {
        id: EventId::new(now.as_millis()),
        account,
        event,
        chatbot_id,
        payload,
        idempotency,
    })
}

fn accepted(app: &App, backend: &Backend, counted: CountedOutcome) -> Result<EventAccepted, Problem> {
    backend.quotas.note(&counted.quotas);
    match counted.outcome {
        AcceptOutcome::Accepted(accepted) => Ok(EventAccepted {
            id: accepted.id.into(),
            deliveries: accepted.deliveries,
            duplicate: accepted.duplicate.then_some(true),
        }),
        AcceptOutcome::IdempotencyConflict => Err(Problem::new(Code::IdempotencyConflict)),
        AcceptOutcome::OverBudget => Err(Problem::new(Code::AccountOverBudget).retry_after(30)),
        AcceptOutcome::RateLimited => Err(app.rates.refusal(&counted.quotas)),
    }
}

fn count(metrics: &Metrics, accepted: &Result<EventAccepted, Problem>) {
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

#[cfg(test)]
mod tests;
