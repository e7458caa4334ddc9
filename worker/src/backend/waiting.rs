//! The reports that wait for a call: successes, which come first, and all others, of which each call takes a few.

use std::collections::VecDeque;

use store::queue::{MAX_REPORTS, Outcome, Report};

/// What the report of a failure costs Redis, beside that of a success.
const COST_OF_FAILURE: usize = 4;

/// Two lines, each in the order in which its reports came.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    successes: VecDeque<Report>,
    failures: VecDeque<Report>,
}

impl Waiting {
    /// Puts a report at the end of its line.
    pub(super) fn push(&mut self, report: Report) {
        let line = match report.outcome {
            Outcome::Succeeded(_) => &mut self.successes,
            _ => &mut self.failures,
        };
        line.push_back(report);
    }

    /// How many successes wait.
    pub(super) fn successes(&self) -> usize {
        self.successes.len()
    }

    /// How many others wait.
    pub(super) fn failures(&self) -> usize {
        self.failures.len()
    }

    /// How many reports wait.
    pub(super) fn len(&self) -> usize {
        self.successes.len() + self.failures.len()
    }

    /// Takes out what the next call carries: `due` of the failures at most, and the successes that still fit in.
    pub(super) fn take(&mut self, due: usize) -> Vec<Report> {
        let (successes, failures) = together(self.successes.len(), self.failures.len().min(due));
        let successes = self.successes.drain(..successes);
        successes.chain(self.failures.drain(..failures)).collect()
    }
}

/// How many of so many successes and failures go together: as many as cost no more than MAX_REPORTS successes, half of which is for
/// either.
fn together(successes: usize, failures: usize) -> (usize, usize) {
    let room = MAX_REPORTS - successes.min(MAX_REPORTS / 2);
    let failures = failures.min(room / COST_OF_FAILURE);
    (successes.min(MAX_REPORTS - failures * COST_OF_FAILURE), failures)
}

#[cfg(test)]
mod tests;
