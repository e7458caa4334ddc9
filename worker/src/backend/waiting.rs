//! The reports that wait for a call: successes, which come first, and all others, of which each call takes a few.
//!
//! Those of one endpoint stay in their order, or failures before and after a success would look like one streak: a success waits
//! behind the failures of its endpoint.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use domain::id::EndpointId;
use store::queue::{MAX_REPORTS, Outcome, Report};

/// What the report of a failure costs Redis, beside that of a success.
const COST_OF_FAILURE: usize = 4;

/// Two lines, each in the order in which its reports came.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    successes: VecDeque<Report>,
    /// Failures, and the successes that wait behind them.
    failures: VecDeque<Report>,
    /// How many reports of each endpoint are in `failures`.
    failing: HashMap<EndpointId, usize>,
}

impl Waiting {
    /// Puts a report at the end of its line.
    pub(super) fn push(&mut self, report: Report) {
        let succeeded = matches!(report.outcome, Outcome::Succeeded(_));
        if succeeded && self.failing.is_empty() {
            return self.successes.push_back(report);
        }
        let endpoint = report.delivery.endpoint();
        if succeeded && !self.failing.contains_key(&endpoint) {
            return self.successes.push_back(report);
        }
        *self.failing.entry(endpoint).or_default() += 1;
        self.failures.push_back(report);
    }

    /// How many successes wait that need not wait for failures.
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

    /// Takes out what the next call carries: `due` of the failures at most, which stand behind the successes that still fit in; and how
    /// many failures these are.
    pub(super) fn take(&mut self, due: usize) -> (Vec<Report>, usize) {
        let (successes, failures) = together(self.successes.len(), self.failures.len().min(due));
        let mut reports: Vec<_> = self.successes.drain(..successes).collect();
        for report in self.failures.drain(..failures) {
            if let Entry::Occupied(mut number) = self.failing.entry(report.delivery.endpoint()) {
                *number.get_mut() -= 1;
                if *number.get() == 0 {
                    number.remove();
                }
            }
            reports.push(report);
        }
        (reports, failures)
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
