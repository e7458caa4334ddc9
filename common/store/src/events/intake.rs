//! Which events share a call of the script, and who gets which result. Plain data: no Redis, no tasks.
//!
//! One call is made at a time. Events that come meanwhile wait and share the next one: the busier it is, the more events
//! go into a call, and nobody waits for company.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::id::AccountId;

use super::{AcceptResult, Budgets, NewEvent};
use crate::StoreError;
use crate::decode::unexpected;
use crate::rates::EventLimits;

/// The most events in one call.
const MOST_EVENTS: usize = 64;

/// The most bytes of payloads in one call, if it has more than one event.
const MOST_BYTES: usize = 256 * 1024;

/// What limits events. Only events with the same terms share a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) budgets: Budgets,
    pub(super) limits: EventLimits,
}

/// The events that wait for a call, each with the caller (`C`) who is to get its result.
#[derive(Debug)]
pub(super) struct Intake<C> {
    waiting: VecDeque<Entry<C>>,
    /// Whether somebody makes calls. With two calls at a time, each would have half as many events and its own sync of
    /// Redis's file (measured: 5 % fewer events/s).
    is_calling: bool,
}

#[derive(Debug)]
struct Entry<C> {
    event: NewEvent,
    terms: Arc<Terms>,
    caller: C,
}

/// The events of one call that have no result yet.
#[derive(Debug)]
pub(super) struct Call<C> {
    terms: Arc<Terms>,
    events: Vec<NewEvent>,
    callers: Vec<C>,
}

impl<C> Default for Intake<C> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            is_calling: false,
        }
    }
}

impl<C> Intake<C> {
    /// Lets an event wait.
    pub(super) fn push(&mut self, event: NewEvent, terms: &Arc<Terms>, caller: C) {
        self.waiting.push_back(Entry {
            event,
            terms: Arc::clone(terms),
            caller,
        });
    }

    /// Claims the right to make calls; false if somebody else has it. It ends when [`Self::next_call`] gives none.
    pub(super) fn begin_calling(&mut self) -> bool {
        !std::mem::replace(&mut self.is_calling, true)
    }

    /// Gives the right to make calls back before its time.
    pub(super) fn stop_calling(&mut self) {
        self.is_calling = false;
    }

    /// Takes the next call: the events that have waited longest, as many as have the same terms and fit. Drops the events of
    /// callers who are gone. Gives `None`, and ends the right to make calls, when no event waits.
    pub(super) fn next_call(&mut self, is_gone: impl Fn(&C) -> bool) -> Option<Call<C>> {
        self.waiting.retain(|entry| !is_gone(&entry.caller));
        let Some(first) = self.waiting.front() else {
            self.is_calling = false;
            return None;
        };
        let terms = Arc::clone(&first.terms);
        let alike = self.waiting.iter().take_while(|entry| entry.terms == terms);
        let length = how_many_fit(alike.map(|entry| entry.event.payload.as_bytes().len()));
        let (events, callers) = self
            .waiting
            .drain(..length)
            .map(|entry| (entry.event, entry.caller))
            .unzip();
        Some(Call {
            terms,
            events,
            callers,
        })
    }
}

/// How many payloads of these sizes fit into one call, from the first on: one at least.
fn how_many_fit(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    sizes
        .take(MOST_EVENTS)
        .enumerate()
        .take_while(|(index, size)| {
            bytes += size;
            *index == 0 || bytes <= MOST_BYTES
        })
        .count()
}

impl<C> Call<C> {
    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What the script is to be given: the events that have no result yet.
    pub(super) fn events(&self) -> &[NewEvent] {
        &self.events
    }

    /// The account of each event.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.events.iter().map(|event| &event.account)
    }

    pub(super) fn is_done(&self) -> bool {
        self.events.is_empty()
    }

    /// Gives the script's results, which are those of the first events, to the callers of these events. The events that the
    /// script left stay for another call. If the answer is an error or doesn't match the events, all of them share an error.
    pub(super) fn settle(
        &mut self,
        answer: Result<Vec<AcceptResult>, StoreError>,
    ) -> impl Iterator<Item = (C, AcceptResult)> {
        let open = self.events.len();
        let results = match answer {
            Ok(results) if (1..=open).contains(&results.len()) => results,
            Ok(_) => vec![Err(unexpected("number of outcomes")); open],
            Err(error) => vec![Err(error); open],
        };
        self.events.drain(..results.len());
        self.callers.drain(..results.len()).zip(results)
    }
}

#[cfg(test)]
mod tests;
