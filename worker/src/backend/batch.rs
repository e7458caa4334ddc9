//! How much one call carries: reports, and what it asks for.

use store::queue::{MAX_REPORTS, Outcome};

/// What a report costs Redis, beside that of a success. Failures that come together (a host that is down) go in calls that are short
/// enough for others to be served in between.
const COST_OF_FAILURE: usize = 4;

/// While more reports wait than one call takes, so few are fetched with each: fewer than any call reports.
const FEW: u32 = 8;

/// How many of the reports that wait, in order, go with one call: as many as cost no more than MAX_REPORTS successes.
pub(super) fn batch_of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> usize {
    let mut cost = 0;
    outcomes
        .take_while(|outcome| {
            cost += if matches!(outcome, Outcome::Succeeded(_)) {
                1
            } else {
                COST_OF_FAILURE
            };
            cost <= MAX_REPORTS
        })
        .count()
}

/// What to ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) deliveries: u32,
    pub(crate) slow: u32,
    /// Slots that are free, as far as endpoints and accounts are limited by them.
    pub(crate) free: u32,
    /// Those of them that slow endpoints may take.
    pub(crate) free_slow: u32,
    pub(crate) bytes: u64,
    /// Suspects that may be held, those that are held already included.
    pub(crate) suspects: u32,
}

impl Want {
    /// As much as may be fetched while reports pile up.
    pub(super) fn few(self) -> Self {
        Self {
            deliveries: self.deliveries.min(FEW),
            slow: self.slow.min(FEW),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
