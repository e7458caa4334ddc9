//! What a program remembers of its store, and the verdict that its calls go by.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Memory, Replaced, Sight, StoreId, Verdict};
use crate::StoreError;
use crate::condition::Condition;

/// The guard of one handle to the store.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    state: Mutex<State>,
    /// Held by whoever introduces this program to the store.
    pub(crate) introducing: tokio::sync::Mutex<()>,
    /// Something was written since the last look.
    wrote: AtomicBool,
    /// A call met trouble that the watch should look into at once.
    pub(crate) trouble: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct State {
    memory: Memory,
    replaced: Option<Replaced>,
    /// Whether a look has seen it, and so noted the time by Redis's clock: a script may have noticed it before.
    is_noted: bool,
    is_watched: bool,
    /// A rewind that was noticed, and isn't written down yet.
    note: Option<(u64, u64)>,
    condition: Condition,
}

/// What changed when a verdict was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing that is to be told.
    None,
    /// The store is no longer, or not, the one that it was.
    Replaced,
    /// The store that it was is back.
    Back,
    /// An operator has accepted what is there.
    Accepted,
}

impl Guard {
    /// Nothing is remembered; this is what is insisted on.
    pub(crate) fn new(insists_on: Option<StoreId>) -> Self {
        let guard = Self::default();
        guard.state().memory.insists_on = insists_on;
        guard
    }

    /// The identity to send with every script; `None` before the store was seen.
    pub(crate) fn identity(&self) -> Option<StoreId> {
        self.state().memory.identity.clone()
    }

    /// What is remembered now.
    pub(crate) fn memory(&self) -> Memory {
        self.state().memory.clone()
    }

    /// Whether what no script checks may be asked.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] by the last verdict.
    pub(crate) fn ensure_ours(&self) -> Result<(), StoreError> {
        match &self.state().replaced {
            Some(reason) => Err(StoreError::Replaced(reason.clone())),
            None => Ok(()),
        }
    }

    /// The same for what takes in new work.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsafe`] too.
    pub(crate) fn ensure_open(&self) -> Result<(), StoreError> {
        self.ensure_ours()?;
        match &self.state().condition.danger {
            Some(reason) => Err(StoreError::Unsafe(reason.clone())),
            None => Ok(()),
        }
    }

    /// A script was answered.
    pub(crate) fn note_answer(&self, writes: bool, error: Option<&StoreError>) {
        match error {
            None if writes => self.wrote.store(true, Ordering::Relaxed),
            None => {}
            Some(error) => {
                if let StoreError::Replaced(reason) = error {
                    self.state().replaced.get_or_insert_with(|| reason.clone());
                }
                self.trouble.notify_one();
                return;
            }
        }
        // Without a watch nobody else would notice that the store is back.
        let mut state = self.state();
        if !state.is_watched {
            state.replaced = None;
        }
    }

    /// Whether something was written since this was last asked.
    pub(crate) fn take_wrote(&self) -> bool {
        self.wrote.swap(false, Ordering::Relaxed)
    }

    /// It was asked in vain.
    pub(crate) fn wrote_still(&self) {
        self.wrote.store(true, Ordering::Relaxed);
    }

    /// From now on somebody looks again and again.
    pub(crate) fn is_watched(&self) {
        self.state().is_watched = true;
    }

    /// Takes in what a look showed. [`Verdict::Create`] and [`Verdict::Adopt`] ask for something else.
    pub(crate) fn settle(&self, verdict: &Verdict, sight: &Sight) -> Change {
        let mut state = self.state();
        if let Verdict::Replaced(reason) = verdict {
            state.replaced = Some(reason.clone());
            if !std::mem::replace(&mut state.is_noted, true) {
                state.memory.at = sight.now;
                return Change::Replaced;
            }
            return Change::None;
        }
        let was_replaced = state.replaced.take().is_some();
        if let Verdict::Rewound { from, to } = verdict {
            state.note = Some((*from, *to));
        }
        state.is_noted = false;
        let takes_its_writes =
            matches!(verdict, Verdict::Accepted | Verdict::Rewound { .. }) || state.memory.identity.is_none();
        state.memory.identity.clone_from(&sight.identity);
        state.memory.at = sight.now;
        state.memory.writes = if takes_its_writes {
            sight.writes
        } else {
            state.memory.writes.max(sight.writes)
        };
        match verdict {
            Verdict::Accepted => Change::Accepted,
            _ if was_replaced => Change::Back,
            _ => Change::None,
        }
    }

    /// A rewind that is to be written down, so that all others, and those that start later, warn too.
    pub(crate) fn note(&self) -> Option<(u64, u64)> {
        self.state().note
    }

    /// It was written down.
    pub(crate) fn noted(&self, note: Option<(u64, u64)>) {
        let mut state = self.state();
        if state.note == note {
            state.note = None;
        }
    }

    /// Changes what `/readyz` tells.
    pub(crate) fn condition<T>(&self, change: impl FnOnce(&mut Condition) -> T) -> T {
        change(&mut self.state().condition)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
