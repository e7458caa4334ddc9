//! Which events needn't be sent to Redis, because their limits are known to be used up.

use store::events::{Counted, NewEvent};

use crate::caller::Backend;
use crate::refusals::{Counter, UsedUp};

/// The events of a call as their limits see them, in order, and what came of those that are known to be refused.
#[derive(Debug)]
pub(super) struct Limited<'a> {
    used_up: &'a UsedUp,
    key: &'a str,
    events: Vec<(Counter, Option<Counted>)>,
}

impl<'a> Limited<'a> {
    /// Takes events out that are known to be refused.
    pub(super) fn take_out(used_up: &'a UsedUp, backend: &'a Backend, events: &mut Vec<NewEvent>) -> Self {
        let key = &*backend.limits.key;
        let mut limited = Vec::with_capacity(events.len());
        events.retain(|event| {
            let counter = Counter::of(event);
            let refused = used_up.event(key, &counter);
            let is_asked = refused.is_none();
            limited.push((counter, refused));
            is_asked
        });
        Self {
            used_up,
            key,
            events: limited,
        }
    }

    /// What came of all events, in order, by what Redis said of the others.
    pub(super) fn complete<E>(self, results: Vec<Result<Counted, E>>) -> Vec<Result<Counted, E>> {
        let mut results = results.into_iter();
        let complete = self.events.into_iter().filter_map(|(counter, refused)| {
            if let Some(refused) = refused {
                return Some(Ok(refused));
            }
            let result = results.next()?;
            if let Ok(counted) = &result {
                self.used_up.note_event(self.key, counter, counted);
            }
            Some(result)
        });
        complete.collect()
    }
}
