//! How long a call goes on making room for its events, and which calls begin with that.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::script::EventAnswer;
use crate::scripts::Legible;

/// One step gives up so many deliveries that the longest payload finds room within this many, however short theirs are.
const MOST_STEPS: u32 = 64;

/// An account that is full stays so for a while: calls seek room at once while one needed it so lately.
const LATELY: Duration = Duration::from_secs(1);

/// When a call last needed room, of all calls of a store.
#[derive(Debug, Default)]
pub(super) struct Shortage(Mutex<Option<Instant>>);

impl Shortage {
    /// What a call `now` begins with.
    pub(super) fn room(&self, now: Instant) -> Room {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lately = last.is_some_and(|last| now.saturating_duration_since(last) < LATELY);
        Room {
            steps: is_lately.then_some(0),
        }
    }

    /// A call needed room `now`, and had not begun with seeking it.
    pub(super) fn note(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

/// Whether room is sought, and how many calls have made some for the first event that is left.
#[derive(Debug, Default)]
pub(super) struct Room {
    steps: Option<u32>,
}

impl Room {
    /// Whether the next call has to make room. Once one event of a call needed it, others will.
    pub(super) fn is_sought(&self) -> bool {
        self.steps.is_some()
    }

    /// Whether the last answer is none, since its event needs (more) room: then it is taken off, and another call makes some. After
    /// too many it stays, and refuses the event.
    pub(super) fn goes_on(&mut self, answers: &mut Vec<Legible<EventAnswer>>) -> bool {
        if !matches!(answers.last(), Some(Legible(Some(EventAnswer::NeedsRoom)))) {
            return false;
        }
        let is_another_event = answers.len() > 1;
        let steps = self
            .steps
            .filter(|_| !is_another_event)
            .map_or(0, |steps| steps + 1);
        self.steps = Some(steps);
        if steps > MOST_STEPS {
            return false;
        }
        answers.pop();
        true
    }
}

#[cfg(test)]
mod tests;
