//! What comes of a move, and of its steps.

use std::collections::BTreeMap;

use crate::StoreError;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It went on.
    WentOn,
    /// It waits for this; look again soon.
    Waits(&'static str),
    /// All of it is done.
    Done,
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many keys.
    pub keys: u64,
    /// What they take, as they were written for the other server.
    pub bytes: u64,
    /// What was found to be the same in both shards: how many keys of each kind, and how many entries or bytes these have.
    pub compared: BTreeMap<String, (u64, u64)>,
}

impl Copied {
    pub(super) fn compare(&mut self, name: &str, size: &str) {
        let kind = name.split(':').next().unwrap_or_default();
        let number: u64 = size
            .rsplit(' ')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        let of_kind = self.compared.entry(kind.to_owned()).or_default();
        of_kind.0 += 1;
        of_kind.1 += number;
    }
}

/// Why a move doesn't go on. Whatever it is, the same move can go on later.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// It can't: a sentence.
    #[error("{0}")]
    Refused(String),
    /// The copy isn't what it should be. The account stays where it is until the same command copies it anew.
    #[error("the copy isn't complete: {0}")]
    Differs(String),
    /// Redis failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
