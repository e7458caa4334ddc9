//! Where single events wait to be accepted together.
//!
//! Callers that come while a call is under way share the next one: the busier it is, the more events go in a call, and
//! nobody waits for company. A caller that goes away or has waited too long takes its event with it, unless its call was
//! made already; then, as with every call whose answer is lost, the event may have been accepted.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::connection::{ANSWER_WITHIN, timed_out};
use super::events::{AcceptOutcome, Budgets, CountedOutcome, NewEvent, call_length};
use super::rates::EventLimits;
use super::{Store, StoreError};

/// The events that wait.
#[derive(Debug, Default)]
pub(crate) struct Intake(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// One call is made at a time. With two, each would have half as many events and its own sync of Redis's file (measured:
    /// 5 % fewer events/s).
    is_calling: bool,
}

#[derive(Debug)]
struct Waiting {
    event: NewEvent,
    budgets: Budgets,
    limits: EventLimits,
    answer: oneshot::Sender<Result<CountedOutcome, StoreError>>,
}

impl Store {
    /// Accepts one event, in one call with others that come at the same time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. The event may have been accepted all the same: it can be sent again.
    pub async fn accept_one(&self, event: NewEvent, budgets: Budgets) -> Result<AcceptOutcome, StoreError> {
        let counted = self.accept_one_limited(event, budgets, EventLimits::NONE).await?;
        Ok(counted.outcome)
    }

    /// The same within limits: see [`Self::accept_limited`].
    ///
    /// # Errors
    ///
    /// As [`Self::accept_one`].
    pub async fn accept_one_limited(
        &self,
        event: NewEvent,
        budgets: Budgets,
        limits: EventLimits,
    ) -> Result<CountedOutcome, StoreError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            event,
            budgets,
            limits,
            answer,
        };
        if self.intake().join(waiting) {
            let store = self.clone();
            // Others depend on it, so it goes on when this caller goes away.
            tokio::spawn(async move { store.accept_waiting().await });
        }
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(timed_out()),
        }
    }

    /// Makes calls until nothing waits.
    async fn accept_waiting(&self) {
        let mut turn = Turn {
            intake: self.intake(),
            is_over: false,
        };
        while let Some(batch) = turn.next_call() {
            let outcomes = self
                .accept_together(&batch.events, batch.budgets, &batch.limits)
                .await;
            for (answer, outcome) in batch.answers.into_iter().zip(outcomes) {
                // Whoever waited for it may be gone.
                drop(answer.send(outcome));
            }
        }
    }
}

/// What goes into one call.
struct Batch {
    events: Vec<NewEvent>,
    answers: Vec<oneshot::Sender<Result<CountedOutcome, StoreError>>>,
    budgets: Budgets,
    limits: EventLimits,
}

/// The right to make calls; it ends even if a call panics.
struct Turn<'a> {
    intake: &'a Intake,
    is_over: bool,
}

impl Turn<'_> {
    /// The next call; `None`, and the turn is over, when nothing waits.
    fn next_call(&mut self) -> Option<Batch> {
        let mut state = self.intake.state();
        let batch = state.take();
        if batch.is_none() {
            // Under the same lock: whoever comes now sees that another call is needed.
            state.is_calling = false;
            self.is_over = true;
        }
        batch
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.intake.state().is_calling = false;
        }
    }
}

impl Intake {
    /// Queues an event; true if nobody makes calls yet.
    fn join(&self, waiting: Waiting) -> bool {
        let mut state = self.state();
        state.waiting.push_back(waiting);
        !std::mem::replace(&mut state.is_calling, true)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes what goes into the next call.
    fn take(&mut self) -> Option<Batch> {
        self.waiting.retain(|waiting| !waiting.answer.is_closed());
        let first = self.waiting.front()?;
        let (budgets, limits) = (first.budgets, first.limits.clone());
        let alike = self
            .waiting
            .iter()
            .take_while(|waiting| waiting.budgets == budgets && waiting.limits == limits);
        let length = call_length(alike.map(|waiting| &waiting.event));
        let (events, answers) = self
            .waiting
            .drain(..length)
            .map(|waiting| (waiting.event, waiting.answer))
            .unzip();
        Some(Batch {
            events,
            answers,
            budgets,
            limits,
        })
    }
}
