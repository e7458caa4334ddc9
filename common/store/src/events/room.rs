//! How long a call goes on making room for its events.

use super::script::EventAnswer;
use crate::scripts::Legible;

/// One step gives up so many deliveries that the longest payload finds room within this many, however short theirs are.
const MOST_STEPS: u32 = 64;

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
