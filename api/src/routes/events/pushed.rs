//! What is told of a push besides its answer: a line of the log, and a part of its trace.

use std::time::SystemTime;

use domain::id::AccountId;
use domain::trace::{CarriedTrace, TraceContext};
use program::telemetry::EACH;
use store::events::NewEvent;
use traces::{Kind, Span, Tracer};

use super::answer::EventAccepted;
use crate::app::App;
use crate::caller::Backend;
use crate::problem::Problem;

/// A push that is under way.
#[derive(Debug)]
pub(super) struct Pushing<'a> {
    tracer: &'a Tracer,
    backend: &'a Backend,
    began: SystemTime,
    /// What the request told of its trace.
    parent: Option<TraceContext>,
    /// The push's own place.
    place: Option<TraceContext>,
    /// Whose events they are, if they are all of one account.
    account: Option<AccountId>,
}

impl<'a> Pushing<'a> {
    /// One begins, whose request told this of its trace.
    pub(super) fn begin(app: &'a App, backend: &'a Backend, parent: Option<TraceContext>) -> Self {
        Self {
            tracer: &app.tracer,
            backend,
            began: SystemTime::now(),
            parent,
            place: app.tracer.begin(parent),
            account: None,
        }
    }

    /// Gives the events what goes with them.
    pub(super) fn mark(&mut self, events: &mut [NewEvent]) {
        let first = events.first().map(|event| event.account.clone());
        self.account = first.filter(|first| events.iter().all(|event| event.account == *first));
        let trace = self.carried();
        for event in events {
            event.trace = trace;
        }
    }

    /// The trace that goes with the events, if there is one. What isn't recorded here is no part of it.
    fn carried(&self) -> Option<CarriedTrace> {
        let context = match (self.place, self.parent) {
            (Some(place), _) if place.is_sampled => place,
            (Some(place), Some(parent)) => place.within(parent.parent),
            (_, parent) => parent?,
        };
        Some(CarriedTrace {
            context,
            is_told: self.parent.is_some(),
        })
    }

    /// It has ended: with an answer for each event, or with one for all.
    pub(super) fn end(self, outcome: Result<&[Result<EventAccepted, Problem>], &Problem>) {
        let outcomes = outcome.unwrap_or_default();
        let accepted = || outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
        if let Some(first) = accepted().next() {
            let (count, account) = (accepted().count(), self.account.as_ref());
            tracing::info!(
                name: EACH,
                key = &*self.backend.key,
                account = account.map(tracing::field::display),
                event = first.id,
                accepted = count,
                rejected = outcomes.len() - count,
                duplicates = accepted().filter(|event| event.duplicate.is_some()).count(),
                deliveries = accepted().map(|event| u64::from(event.deliveries)).sum::<u64>(),
                trace = self.carried().map(|trace| tracing::field::display(trace.context.trace)),
                "accepted"
            );
        }
        self.record(outcome);
    }

    fn record(self, outcome: Result<&[Result<EventAccepted, Problem>], &Problem>) {
        let Some(place) = self.place.filter(|place| place.is_sampled) else {
            return;
        };
        let outcomes = outcome.unwrap_or_default();
        let accepted = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
        let mut attributes = vec![
            ("webhooks.events", outcomes.len().into()),
            ("webhooks.accepted", accepted.clone().count().into()),
        ];
        if let Some(account) = &self.account {
            attributes.push(("webhooks.account", account.as_str().to_owned().into()));
        }
        if let Some(first) = accepted.clone().next() {
            attributes.push(("webhooks.event", first.id.clone().into()));
        }
        let refusal = match outcome {
            Err(problem) => Some(problem),
            Ok([Err(problem)]) => Some(problem),
            Ok(_) => None,
        };
        if let Some(problem) = refusal {
            attributes.push(("error.type", problem.code().as_str().into()));
        }
        self.tracer.record(Span {
            trace: place.trace,
            id: place.parent,
            parent: self.parent.map(|parent| parent.parent),
            name: "push",
            kind: Kind::Server,
            began: self.began,
            ended: SystemTime::now(),
            attributes,
            // That a caller is wrong is no failure of ours.
            failure: refusal
                .filter(|problem| problem.http_status().is_server_error())
                .map(|problem| problem.code().as_str().into()),
        });
    }
}
