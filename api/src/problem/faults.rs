//! Collecting all that is wrong with a request, so that its author learns it at once.
//!
//! Whoever reads several values reads them all, hands each result to one [`Faults`], and refuses at the end:
//!
//! ```ignore
//! let mut faults = Faults::default();
//! let events = faults.take(fields::subscriptions(&self.events));
//! let url = faults.take(EndpointUrl::parse(&self.url.0, urls));
//! let (Some(events), Some(url)) = (events, url) else {
//!     return Err(faults.into());
//! };
//! ```
//!
//! What is known only later (a conflict, a limit) is refused alone.

use super::{Code, Problem};

/// How many are told.
pub(crate) const MAX_FAULTS: usize = 20;

/// What was wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Option<Problem>);

impl Faults {
    /// What was read, or `None` after noting what is wrong with it.
    pub(crate) fn take<T>(&mut self, read: Result<T, impl Into<Problem>>) -> Option<T> {
        read.map_err(|problem| self.note(problem)).ok()
    }

    /// As [`Faults::take`], for a value that may be absent.
    #[expect(clippy::option_option, reason = "a fault, or a value that may be absent")]
    pub(crate) fn take_any<T>(&mut self, read: Option<Result<T, impl Into<Problem>>>) -> Option<Option<T>> {
        self.take(read.transpose())
    }

    /// Notes that something is wrong.
    pub(crate) fn note(&mut self, problem: impl Into<Problem>) {
        let problem = problem.into();
        self.0 = Some(match self.0.take() {
            Some(first) => first.and(problem),
            None => problem,
        });
    }

    /// Whether anything is wrong.
    pub(crate) const fn are_there(&self) -> bool {
        self.0.is_some()
    }

    /// Whether enough is wrong to stop looking.
    pub(crate) fn are_enough(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|problem| problem.faults().count() >= MAX_FAULTS)
    }

    /// All that was wrong, as one problem.
    ///
    /// # Errors
    ///
    /// That problem, if anything was wrong.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        self.0.map_or(Ok(()), Err)
    }
}

impl Problem {
    /// What is wrong besides with these fields and what is in them, or, if a field was `left_out`, with one that is missing: the other
    /// may have stood for it. `None` if that is nothing.
    #[must_use]
    pub(crate) fn besides(mut self, fields: &[&str], left_out: bool) -> Option<Self> {
        let mut faults = vec![self.first];
        faults.append(&mut self.others);
        faults.retain(|fault| {
            let field = fault.field.as_deref().unwrap_or_default();
            let top = field.split(['.', '[']).next();
            let is_told_before = left_out && fault.code == Code::MissingField;
            !is_told_before && !fields.iter().any(|known| Some(*known) == top)
        });
        let mut faults = faults.into_iter();
        Some(Self {
            first: faults.next()?,
            others: faults.collect(),
            ..self
        })
    }
}

/// All that was wrong. There must have been something.
impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        faults.0.unwrap_or_else(|| Self::new(Code::InternalError))
    }
}

#[cfg(test)]
mod tests;
