//! What the rules found, each with what can be done about it.

use super::super::Violation;
use super::super::remedy::{Mend, Remedy};

/// What the rules found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) violations: Vec<Violation>,
    /// Why what the rule finds isn't repaired, unless it says how.
    pub(super) otherwise: &'static str,
}

impl Found {
    /// Adds a violation if something is wrong.
    pub(super) fn that(
        &mut self,
        is_wrong: bool,
        key: impl FnOnce() -> String,
        what: impl FnOnce() -> String,
    ) {
        let mend = Mend::Not(self.otherwise);
        self.add(is_wrong, key, what, || mend);
    }

    /// Adds a violation that can be repaired, if something is wrong.
    pub(super) fn mended(
        &mut self,
        is_wrong: bool,
        key: impl FnOnce() -> String,
        what: impl FnOnce() -> String,
        by: impl FnOnce() -> Remedy,
    ) {
        self.add(is_wrong, key, what, || Mend::By(by()));
    }

    fn add(
        &mut self,
        is_wrong: bool,
        key: impl FnOnce() -> String,
        what: impl FnOnce() -> String,
        mend: impl FnOnce() -> Mend,
    ) {
        if is_wrong {
            self.violations.push(Violation {
                key: key(),
                what: what(),
                mend: mend(),
            });
        }
    }
}
