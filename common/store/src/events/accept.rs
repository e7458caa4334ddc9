//! The way into the store: calls of `accept.lua`, and who shares them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use redis::Value;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::intake::{Call, Intake, Terms};
use super::{AcceptOutcome, AcceptResult, Accepted, Counted, IDEMPOTENCY_WINDOW, NewEvent, Push};
use crate::connection::{ANSWER_WITHIN, timed_out};
use crate::decode::{array, integer, next, parsed, text, unexpected};
use crate::rates::{EventLimits, quotas};
use crate::{Store, StoreError};

/// The events that are pushed one by one, until they share a call.
#[derive(Debug, Default)]
pub(crate) struct SharedIntake(Mutex<Intake<oneshot::Sender<AcceptResult>>>);

impl Store {
    /// Accepts events, each on its own. The results are in the order of the events.
    ///
    /// A single event shares its call with others that are pushed at the same time. Several events make calls of their own,
    /// which go out together.
    ///
    /// An event whose result is an error may have been accepted all the same: push it again, with the same id. So may one
    /// whose caller stops waiting for this future.
    pub async fn accept(&self, push: Push) -> Vec<Result<Counted, StoreError>> {
        let Push {
            events,
            budgets,
            limits,
        } = push;
        let terms = Arc::new(Terms { budgets, limits });
        match <[NewEvent; 1]>::try_from(events) {
            Ok([event]) => vec![self.share_call(event, &terms).await],
            Err(events) => self.make_own_calls(events, &terms).await,
        }
    }

    /// Accepts an event in one call with others that come at the same time.
    async fn share_call(&self, event: NewEvent, terms: &Arc<Terms>) -> AcceptResult {
        let (caller, result) = oneshot::channel();
        let is_first = {
            let mut intake = self.intake().lock();
            intake.push(event, terms, caller);
            intake.begin_calling()
        };
        if is_first {
            let store = self.clone();
            // Others depend on it, so it goes on when this caller goes away.
            tokio::spawn(async move { store.make_shared_calls().await });
        }
        match tokio::time::timeout(ANSWER_WITHIN, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(timed_out()),
        }
    }

    /// Makes calls until no event waits.
    async fn make_shared_calls(&self) {
        let mut turn = Turn {
            intake: self.intake(),
            is_over: false,
        };
        while let Some(call) = turn.next_call() {
            self.finish(call, |caller, result| {
                // Whoever waited for it may be gone.
                drop(caller.send(result));
            })
            .await;
        }
    }

    /// Accepts events in calls that go out together: they share one connection, which sends them as one pipeline.
    async fn make_own_calls(&self, events: Vec<NewEvent>, terms: &Arc<Terms>) -> Vec<AcceptResult> {
        let mut intake = Intake::default();
        for event in events {
            intake.push(event, terms, ());
        }
        let calls = std::iter::from_fn(|| intake.next_call(|()| false));
        let results = calls.map(async |call| {
            let mut results = Vec::with_capacity(call.events().len());
            self.finish(call, |(), result| results.push(result)).await;
            results
        });
        join_all(results).await.into_iter().flatten().collect()
    }

    /// Calls the script until each event of a call has its result. One call is enough for all but those with very many
    /// deliveries.
    async fn finish<C>(&self, mut call: Call<C>, mut give: impl FnMut(C, AcceptResult)) {
        while !call.is_done() {
            let answer = self.call_script(call.terms(), call.events()).await;
            for (caller, result) in call.settle(answer) {
                give(caller, result);
            }
        }
    }

    /// One call of the script: the results of the first of these events.
    async fn call_script(&self, terms: &Terms, events: &[NewEvent]) -> Result<Vec<AcceptResult>, StoreError> {
        let arguments = arguments(terms, events);
        let answers = array(self.run(&self.scripts().accept, &arguments).await?)?;
        Ok(answers
            .into_iter()
            .map(|answer| outcome(answer, &terms.limits))
            .collect())
    }
}

impl SharedIntake {
    fn lock(&self) -> MutexGuard<'_, Intake<oneshot::Sender<AcceptResult>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make calls for all who share them. It ends even if a call panics.
struct Turn<'a> {
    intake: &'a SharedIntake,
    is_over: bool,
}

impl Turn<'_> {
    /// The next call; `None`, and the turn is over, when nothing waits.
    fn next_call(&mut self) -> Option<Call<oneshot::Sender<AcceptResult>>> {
        let call = self.intake.lock().next_call(oneshot::Sender::is_closed);
        self.is_over = call.is_none();
        call
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Once it is over, somebody else may have begun to make calls.
        if !self.is_over {
            self.intake.lock().stop_calling();
        }
    }
}

fn arguments(terms: &Terms, events: &[NewEvent]) -> Vec<Vec<u8>> {
    let mut arguments: Vec<Vec<u8>> = Vec::with_capacity(4 + 7 * events.len());
    arguments.extend([
        IDEMPOTENCY_WINDOW.as_millis().to_string().into_bytes(),
        terms.budgets.account_bytes.to_string().into_bytes(),
        terms.budgets.parked_bytes.to_string().into_bytes(),
        terms.limits.counters().into_bytes(),
    ]);
    for event in events {
        let fingerprint = event.idempotency.as_ref().map(|given| given.fingerprint.clone());
        arguments.extend([
            event.account.as_str().into(),
            event.id.as_str().into(),
            event.event.as_str().into(),
            event.chatbot_id.clone().into_bytes(),
            event.payload.as_bytes().to_vec(),
            key_hash(event).into_bytes(),
            fingerprint.unwrap_or_default().into_bytes(),
        ]);
    }
    arguments
}

fn key_hash(event: &NewEvent) -> String {
    event
        .idempotency
        .as_ref()
        .map(|given| hex::encode(Sha256::digest(&given.key)))
        .unwrap_or_default()
}

fn outcome(value: Value, limits: &EventLimits) -> AcceptResult {
    let mut answer = array(value)?.into_iter();
    let outcome = match text(next(&mut answer)?)?.as_str() {
        "accepted" => AcceptOutcome::Accepted(Accepted {
            id: parsed(next(&mut answer)?)?,
            deliveries: u32::try_from(integer(next(&mut answer)?)?).map_err(|_| unexpected("deliveries"))?,
            duplicate: integer(next(&mut answer)?)? == 1,
        }),
        "conflict" => AcceptOutcome::IdempotencyConflict,
        "over_budget" => AcceptOutcome::OverBudget,
        "rate_limited" => AcceptOutcome::RateLimited,
        "unreadable" => return Err(unexpected("account")),
        other => return Err(unexpected(other)),
    };
    Ok(Counted {
        outcome,
        quotas: quotas(answer, limits.subjects())?,
    })
}

#[cfg(test)]
mod tests;
