//! The backend's calls: accept events, one or many; and what became of one (`trace`), for whoever acts for the account.
//!
//! An answer of 202 means that the event is in Redis with all its deliveries. Each event is accepted as a whole or not
//! at all; in a batch, each on its own.

mod same;

mod request;

mod read;

mod limited;

mod by_shard;

mod answer;

mod pushed;

mod trace;

pub use trace::EventTraceApi;

use domain::clock::Timestamp;
use poem::web::Data;
use poem_openapi::OpenApi;
use store::events::{NewEvent, Push};

use self::answer::{BatchPushed, EventAccepted, Pushed, count};
use self::limited::Limited;
use self::pushed::Pushing;
use self::request::{PushBatch, PushEvent};
use self::trace::{EventTraceView, KeyInQuery, trace_key};
use super::idempotency::IdempotencyHeader;
use super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::{Backend, Caller};
use crate::headers::{OnceHeader, TraceParent};
use crate::json::Json;
use crate::problem::{Code, Problem};

/// The calls.
#[derive(Debug, Clone, Copy)]
pub struct EventsApi;

#[OpenApi(tag = "Group::Events")]
impl EventsApi {
    /// Push an event
    ///
    /// Accepts an event: the answer comes once the event and one delivery for each matching endpoint are stored. An endpoint
    /// matches if it subscribes to the event's type (or to `*`), and to its chatbot (or to all chatbots). An account that has no
    /// endpoint, with an id that no session token can have, is probably misspelt: `warnings` says so.
    #[oai(path = "/api/events", method = "post", operation_id = "pushEvent")]
    async fn push(
        &self,
        backend: Backend,
        app: Data<&App>,
        /// Makes it safe to send a request again whose answer was lost: within 24 hours, the same key returns the first result,
        /// with `duplicate: true`. The same key with a different event is refused (409). Each account has keys of its own.
        #[oai(name = "Idempotency-Key")]
        key: OnceHeader<IdempotencyHeader>,
        /// The caller's own trace (W3C Trace Context): each attempt of the event's deliveries tells its receiver in a header of the same
        /// name that it belongs to it. One that is wrong is as good as none.
        #[oai(name = "traceparent")]
        trace: TraceParent,
        body: Json<PushEvent>,
    ) -> Result<Pushed, Problem> {
        let mut pushing = Pushing::begin(&app, &backend, trace.0);
        let accepted = push_one(&app, &backend, &mut pushing, key.0, body.0).await;
        count(&app.metrics, &accepted);
        pushing.end(Ok(std::slice::from_ref(&accepted)));
        Ok(Pushed::Accepted(Json(accepted?)))
    }

    /// Find an event by its idempotency key
    ///
    /// Returns what became of the event that the backend pushed with this key, as long as the key is remembered: 24 hours.
    #[oai(path = "/api/events", method = "get", operation_id = "findEvent")]
    async fn find(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The key, as the backend sent it.
        #[oai(name = "idempotencyKey")]
        key: KeyInQuery,
    ) -> Result<Json<EventTraceView>, Problem> {
        trace_key(&app, &caller.account, key).await
    }

    /// Push many events
    ///
    /// Accepts up to 1,000 events in a body of up to 5 MiB. The answer has one result for each event, in the same order. An event
    /// that is wrong doesn't affect the others. If no event was accepted, the answer is a problem with the status of the events'
    /// own, or with 422 if they differ; it has `accepted`, `rejected` and `results`, too. `Retry-After` says when to send again what
    /// was refused for now.
    #[oai(path = "/api/events/batch", method = "post", operation_id = "pushEvents")]
    async fn push_batch(
        &self,
        backend: Backend,
        app: Data<&App>,
        /// Makes it safe to send the batch again: stands for a key of each event that has no `idempotencyKey`, together with its place in
        /// the batch.
        #[oai(name = "Idempotency-Key")]
        key: OnceHeader<IdempotencyHeader>,
        /// The caller's own trace (W3C Trace Context), for all events of the batch, as for one.
        #[oai(name = "traceparent")]
        trace: TraceParent,
        body: Json<PushBatch>,
    ) -> Result<BatchPushed, Problem> {
        let items = body.0.items()?;
        let mut pushing = Pushing::begin(&app, &backend, trace.0);
        let now = Timestamp::now();
        let mut events = Vec::with_capacity(items.len());
        // What is wrong with an item keeps its place while the store accepts the others.
        let read: Vec<Result<(), Problem>> = items
            .iter()
            .enumerate()
            .map(|(place, item)| {
                let key = key.0.as_ref().map(|key| key.of_item(place));
                let id = app.store.fresh_event();
                let event = read::item(item, key.as_deref(), &app.event_types, &app.allowance, now, id);
                event.map(|event| events.push(event))
            })
            .collect();
        pushing.mark(&mut events);
        let mut accepted = match accept(&app, &backend, events).await {
            Ok(accepted) => accepted.into_iter(),
            Err(problem) => {
                pushing.end(Err(&problem));
                return Err(problem);
            }
        };
        let outcomes: Vec<_> = read
            .into_iter()
            .map(|read| {
                let accepted = read.and_then(|()| next(&mut accepted));
                count(&app.metrics, &accepted);
                accepted
            })
            .collect();
        pushing.end(Ok(&outcomes));
        Ok(BatchPushed::of(outcomes))
    }
}

impl Resource for EventsApi {
    const CALLS: &'static [Call] = &[
        Call::new("pushEvent", &[]).with(EVENT_ERRORS),
        Call::new("findEvent", &[Code::EventNotFound, Code::InvalidIdempotencyKey]).strict(),
        Call::new(
            "pushEvents",
            &[Code::EmptyEvents, Code::TooManyEvents, Code::NothingAccepted],
        )
        .with(EVENT_ERRORS),
    ];
    const EXAMPLES: &'static str = include_str!("events.json");
}

/// Errors about one event.
const EVENT_ERRORS: &[Code] = &[
    Code::InvalidAccountId,
    Code::UnknownEvent,
    Code::InvalidChatbotId,
    Code::InvalidTimestamp,
    Code::InvalidIdempotencyKey,
    Code::DataTooDeep,
    Code::PayloadTooLarge,
    Code::IdempotencyConflict,
    Code::AccountBeingErased,
    Code::AccountMoving,
    Code::AccountOverBudget,
    Code::RateLimited,
    Code::NotReplicated,
];

async fn push_one(
    app: &App,
    backend: &Backend,
    pushing: &mut Pushing<'_>,
    key: Option<IdempotencyHeader>,
    body: PushEvent,
) -> Result<EventAccepted, Problem> {
    let event = read::event(
        body,
        key.map(|key| key.0),
        &app.event_types,
        &app.allowance,
        Timestamp::now(),
        app.store.fresh_event(),
    )?;
    let mut events = vec![event];
    pushing.mark(&mut events);
    let accepted = accept(app, backend, events).await?;
    next(&mut accepted.into_iter())
}

/// Pushes events to the store, within the limits of the service key. The results come in order; if Redis failed for all
/// events, the whole call fails.
async fn accept(
    app: &App,
    backend: &Backend,
    mut events: Vec<NewEvent>,
) -> Result<Vec<Result<EventAccepted, Problem>>, Problem> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let sessions = app.sessions.get();
    let unusual: Vec<bool> = events
        .iter()
        .map(|event| !sessions.may_name(&event.account))
        .collect();
    let limited = app
        .rates
        .limits_events()
        .then(|| Limited::take_out(&app.refusals.used_up, backend, &mut events));
    let push = Push {
        events,
        budgets: app.allowance.budgets,
        limits: backend.limits.clone(),
    };
    let mut results = by_shard::accept(app, push).await;
    if let Some(limited) = limited {
        results = limited.complete(results);
    }
    if let Some(Err(error)) = results.first()
        && results.iter().all(Result::is_err)
    {
        return Err(error.clone());
    }
    let answers = results.into_iter().zip(unusual).map(|(result, is_unusual)| {
        let counted = result?;
        backend.quotas.note(&counted.quotas);
        EventAccepted::of(counted, is_unusual)
    });
    Ok(answers.collect())
}

/// The result of the next event. The store has one for each.
fn next(
    accepted: &mut impl Iterator<Item = Result<EventAccepted, Problem>>,
) -> Result<EventAccepted, Problem> {
    accepted
        .next()
        .unwrap_or_else(|| Err(Problem::new(Code::InternalError)))
}

#[cfg(test)]
mod tests;
