//! A script with the values of a call, and what Redis needs to run it.

use redis::Cmd;

use super::answer::Answer;
use super::assembly::{Assembled, Library};
use super::calls::Calls;
use super::declaration::{Declaration, Listed, RunsAs};

/// A script with the values of one call: what [`script!`] makes. [`crate::Store::call`] runs it.
pub(crate) trait Script: Listed + Sync {
    /// What the script answers.
    type Answer: Answer;

    const DECLARATION: Declaration;

    /// Its text and hash, which are made once.
    fn compiled() -> &'static Compiled;

    /// Its calls by this process.
    fn calls() -> &'static Calls;

    /// Adds the values to a command, in the order in which they are declared.
    fn write(&self, command: &mut Cmd);
}

/// What Redis needs to run a script.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) script: redis::Script,
    /// What Redis is to keep, if it is called so often that this pays.
    pub(crate) library: Option<Library>,
}

impl Compiled {
    pub(crate) fn of(declaration: &Declaration, runs_as: RunsAs) -> Self {
        let assembled = Assembled::of(declaration);
        debug_assert!(assembled.agrees(), "{assembled:?}");
        Self {
            script: redis::Script::new(&assembled.text),
            library: (runs_as == RunsAs::Function).then_some(assembled.library),
        }
    }
}
