//! How events get into the store: who calls the script, and when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::filters::{KnownFilters, unjudged};
use super::intake::{Call, Intake, Terms};
use super::lanes::{Lane, Lanes};
use super::room::{Room, Shortage, has_made_room};
use super::script::{Accept, Choose, Displace, EventAnswer};
use super::{AcceptResult, Counted, NewEvent, Push};
use crate::connection::timed_out;
use crate::scripts::{Legible, Line, Shared};
use crate::{Store, StoreError};

/// How often an event is evaluated anew, because filters changed meanwhile.
const MOST_ASKED: u32 = 16;

/// The events that are pushed one by one, until they share a call, whether calls seek room, and which filters they go by.
#[derive(Debug, Default)]
pub(crate) struct SharedIntake {
    events: Mutex<Intake<oneshot::Sender<AcceptResult>>>,
    shortage: Shortage,
    filters: KnownFilters,
    /// What is asked on if replicas must have what is accepted.
    pub(super) lanes: Lanes,
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
        self.quiet().stir();
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
        match tokio::time::timeout(self.intake().lanes.answer_within(), result).await {
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
        // A caller may be gone.
        let give = |caller: oneshot::Sender<AcceptResult>, result| drop(caller.send(result));
        loop {
            // First: what comes while all lanes wait shares the next call.
            let lane = self.lane().await;
            let Some(call) = turn.next_call() else {
                return;
            };
            match lane {
                None => self.finish(&mut Shared(self), call, give).await,
                Some(mut lane) => {
                    let results = self.results_on(&mut lane, [call]).await;
                    // The next call needn't wait for the replicas.
                    tokio::spawn(async move {
                        for (caller, result) in lane.confirmed(results).await {
                            give(caller, result);
                        }
                    });
                }
            }
        }
    }

    /// Runs the scripts of these calls one after the other; replicas may not have yet what was accepted.
    async fn results_on<C>(
        &self,
        lane: &mut Lane,
        calls: impl IntoIterator<Item = Call<C>>,
    ) -> Vec<(C, AcceptResult)> {
        let mut results = Vec::new();
        for call in calls {
            self.finish(lane, call, |caller, result| results.push((caller, result)))
                .await;
        }
        results
    }

    /// Accepts events in calls that go out together: they share one connection, which sends them as one pipeline. If replicas must
    /// have them, one wait serves all calls.
    async fn make_own_calls(&self, events: Vec<NewEvent>, terms: &Arc<Terms>) -> Vec<AcceptResult> {
        let mut intake = Intake::default();
        for event in events {
            intake.push(event, terms, ());
        }
        let calls = std::iter::from_fn(|| intake.next_call(|()| false));
        if let Some(mut lane) = self.lane().await {
            let results = self.results_on(&mut lane, calls).await;
            let results = lane.confirmed(results).await.into_iter();
            return results.map(|((), result)| result).collect();
        }
        let results = calls.map(async |call| {
            let mut results = Vec::with_capacity(call.events().len());
            self.finish(&mut Shared(self), call, |(), result| results.push(result))
                .await;
            results
        });
        join_all(results).await.into_iter().flatten().collect()
    }

    /// Runs the script until each event of the call has its result: once, unless they have very many deliveries, or one needs room.
    async fn finish<C>(
        &self,
        line: &mut impl Line,
        mut call: Call<C>,
        mut give: impl FnMut(C, AcceptResult),
    ) {
        let SharedIntake {
            shortage, filters, ..
        } = self.intake();
        let mut asked = 0;
        let mut room = shortage.room(call.accounts(), Instant::now());
        while !call.is_done() {
            let answer = self.ask(line, &call, &room).await;
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
                    let results: Vec<_> = answers.into_iter().map(Legible::<EventAnswer>::result).collect();
                    self.look_if_elsewhere(&results);
                    Ok(results)
                }
                Err(error) => Err(error),
            };
            for (caller, result) in call.settle(results) {
                give(caller, result);
            }
        }
    }

    async fn ask<C>(
        &self,
        line: &mut impl Line,
        call: &Call<C>,
        room: &Room,
    ) -> Result<Vec<Legible<EventAnswer>>, StoreError> {
        let judged = self.intake().filters.judge(call.events(), Instant::now());
        let always_writes = self.intake().lanes.are_used();
        let shards = self.chosen_by_all(call.events().iter().map(|event| &event.account));
        if room.is_sought() {
            let spare = self.fresh_event();
            let displace = Displace::new(
                call.terms(),
                shards,
                always_writes,
                judged.unwrap_or_else(|| unjudged(call.events())),
                &spare,
            );
            self.call_on(line, &displace).await
        } else if let Some(judged) = judged {
            let choose = Choose::new(call.terms(), shards, always_writes, judged);
            self.call_on(line, &choose).await
        } else {
            let accept = Accept::new(call.terms(), shards, always_writes, call.events());
            self.call_on(line, &accept).await
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
