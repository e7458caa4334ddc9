//! How events get into the store: who calls the script, and when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::filters::{KnownFilters, unjudged};
use super::intake::{Call, Intake, Terms};
use super::room::{Room, Shortage, has_made_room};
use super::script::{Accept, Choose, Displace, EventAnswer};
use super::{AcceptResult, Counted, NewEvent, Push};
use crate::connection::{ANSWER_WITHIN, timed_out};
use crate::scripts::Legible;
use crate::{Store, StoreError};

/// How often an event is evaluated anew, because filters changed meanwhile.
const MOST_ASKED: u32 = 16;

/// The events that are pushed one by one, until they share a call, whether calls seek room, and which filters they go by.
#[derive(Debug, Default)]
pub(crate) struct SharedIntake {
    events: Mutex<Intake<oneshot::Sender<AcceptResult>>>,
    shortage: Shortage,
    filters: KnownFilters,
}

impl Store {
    /// Accepts events, each by itself. The results come in the order of the events.
    ///
    /// An event that is pushed alone shares its call with others that are pushed at the same time. Several events that are
    /// pushed together have calls of their own, which go out together.
    ///
    /// An event whose result is an error, or whose caller drops this future, may have been accepted all the same. It is safe
    /// to push it again with the same id.
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
        let makes_calls = {
            let mut intake = self.intake().lock();
            intake.push(event, terms, caller);
            intake.begin_calling()
        };
        if makes_calls {
            let store = self.clone();
            // A task of its own: others depend on it, even if this caller goes away.
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
                // Its caller may be gone.
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

    /// Runs the script until each event of the call has its result: once, unless they have very many deliveries, or one needs room.
    async fn finish<C>(&self, mut call: Call<C>, mut give: impl FnMut(C, AcceptResult)) {
        let SharedIntake {
            shortage, filters, ..
        } = self.intake();
        let mut asked = 0;
        let mut room = shortage.room(call.accounts(), Instant::now());
        while !call.is_done() {
            let answer = self.ask(&call, &room).await;
            let has_sought = room.is_sought();
            let results = match answer {
                Ok(mut answers) => {
                    if has_made_room(&mut answers) {
                        shortage.renew(call.accounts(), Instant::now());
                    }
                    let has_learned = asked < MOST_ASKED && filters.learn(&mut answers, Instant::now());
                    asked = if has_learned && answers.is_empty() {
                        asked + 1
                    } else {
                        0
                    };
                    if asked > 0 {
                        continue;
                    }
                    let goes_on = room.goes_on(&mut answers);
                    let first_left = call.events().get(answers.len());
                    if let Some(event) = first_left.filter(|_| goes_on && !has_sought) {
                        shortage.note(&event.account, Instant::now());
                    }
                    if goes_on && answers.is_empty() {
                        continue;
                    }
                    Ok(answers.into_iter().map(Legible::<EventAnswer>::result).collect())
                }
                Err(error) => Err(error),
            };
            for (caller, result) in call.settle(results) {
                give(caller, result);
            }
        }
    }

    async fn ask<C>(&self, call: &Call<C>, room: &Room) -> Result<Vec<Legible<EventAnswer>>, StoreError> {
        let judged = self.intake().filters.judge(call.events(), Instant::now());
        if room.is_sought() {
            let spare = self.fresh_event();
            let displace = Displace::new(
                call.terms(),
                judged.unwrap_or_else(|| unjudged(call.events())),
                &spare,
            );
            self.call(&displace).await
        } else if let Some(judged) = judged {
            self.call(&Choose::new(call.terms(), judged)).await
        } else {
            self.call(&Accept::new(call.terms(), call.events())).await
        }
    }
}

impl SharedIntake {
    fn lock(&self) -> MutexGuard<'_, Intake<oneshot::Sender<AcceptResult>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make calls. It ends even if a call panics.
struct Turn<'a> {
    intake: &'a SharedIntake,
    is_over: bool,
}

impl Turn<'_> {
    /// The next call. `None` ends the turn: nothing waits.
    fn next_call(&mut self) -> Option<Call<oneshot::Sender<AcceptResult>>> {
        let call = self.intake.lock().next_call(oneshot::Sender::is_closed);
        self.is_over = call.is_none();
        call
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Once the turn is over, somebody else may have the right.
        if !self.is_over {
            self.intake.lock().stop_calling();
        }
    }
}

#[cfg(test)]
mod tests;
