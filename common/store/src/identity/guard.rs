//! What a program knows of its store, and the last verdict, which decides whether its calls may go out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Known, Replaced, Sight, StoreId, Verdict};
use crate::StoreError;

/// The guard of one handle to the store.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    state: Mutex<State>,
    /// Held by the call that introduces this program to the store.
    pub(crate) introducing: tokio::sync::Mutex<()>,
    /// This program has written something since the last look.
    wrote: AtomicBool,
    /// Wakes the watch: a call met trouble.
    pub(crate) trouble: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct State {
    known: Known,
    /// The store's schema, as far as it was seen.
    schema: Option<String>,
    replaced: Option<Replaced>,
    /// Whether a look has seen that the store was replaced, and noted the time by Redis's clock. A script's answer may have
    /// said so before.
    is_replaced_at: bool,
    is_watched: bool,
    /// A rewind that was seen, and isn't in the store yet: `writes` before and after.
    rewind: Option<(u64, u64)>,
}

/// What a verdict changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing that the log should tell.
    None,
    /// The store was found to be another one.
    Replaced,
    /// The store that it was is back.
    Back,
    /// An operator has accepted what is there.
    Accepted,
}

impl Guard {
    /// Knows nothing yet, and insists on this identity, if any.
    pub(crate) fn new(insists_on: Option<StoreId>) -> Self {
        let guard = Self::default();
        guard.state().known.insists_on = insists_on;
        guard
    }

    /// The identity to send with every script; `None` before the store was seen.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] if the store has more shards than this program: no script can see that.
    pub(crate) fn identity(&self) -> Result<Option<StoreId>, StoreError> {
        let state = self.state();
        match &state.replaced {
            Some(outgrown @ Replaced::Outgrown(_)) => Err(StoreError::Replaced(outgrown.clone())),
            _ => Ok(state.known.identity.clone()),
        }
    }

    /// The store's schema; `None` before the store was seen.
    pub(crate) fn schema(&self) -> Option<String> {
        self.state().schema.clone()
    }

    /// What this program knows now.
    pub(crate) fn known(&self) -> Known {
        self.state().known.clone()
    }

    /// For what goes to Redis without a script that checks the identity.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] if that was the last verdict.
    pub(crate) fn ensure_ours(&self) -> Result<(), StoreError> {
        match &self.state().replaced {
            Some(reason) => Err(StoreError::Replaced(reason.clone())),
            None => Ok(()),
        }
    }

    /// Learns from the answer to a script: something was written, or there is trouble that the watch should look into.
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

    /// Whether something was written since the last call of this.
    pub(crate) fn take_wrote(&self) -> bool {
        self.wrote.swap(false, Ordering::Relaxed)
    }

    /// Undoes [`Self::take_wrote`], when the store could not be told.
    pub(crate) fn put_back_wrote(&self) {
        self.wrote.store(true, Ordering::Relaxed);
    }

    /// From now on the watch looks again and again.
    pub(crate) fn start_watching(&self) {
        self.state().is_watched = true;
    }

    /// Takes in what a look showed, but for [`Verdict::Create`] and [`Verdict::Adopt`], which ask for another look.
    pub(crate) fn take_in(&self, verdict: &Verdict, sight: &Sight) -> Change {
        let mut state = self.state();
        if let Verdict::Replaced(reason) = verdict {
            state.replaced = Some(reason.clone());
            if !std::mem::replace(&mut state.is_replaced_at, true) {
                state.known.at = sight.now;
                return Change::Replaced;
            }
            return Change::None;
        }
        let was_replaced = state.replaced.take().is_some();
        if let Verdict::Rewound { from, to } = verdict {
            state.rewind = Some((*from, *to));
        }
        state.is_replaced_at = false;
        let takes_its_writes = matches!(
            verdict,
            Verdict::Accepted | Verdict::Rewound { .. } | Verdict::FailedOver { .. }
        ) || state.known.identity.is_none();
        state.known.identity.clone_from(&sight.identity);
        // A store without a word about it was made when there was one schema.
        state.schema = Some(sight.schema.clone().unwrap_or_else(|| "1".to_owned()));
        state.known.at = sight.now;
        state.known.writes = if takes_its_writes {
            sight.writes
        } else {
            state.known.writes.max(sight.writes)
        };
        match verdict {
            Verdict::Accepted => Change::Accepted,
            _ if was_replaced => Change::Back,
            _ => Change::None,
        }
    }

    /// A rewind that the store has to be told, so that all other programs, and those that start later, warn too.
    pub(crate) fn unrecorded_rewind(&self) -> Option<(u64, u64)> {
        self.state().rewind
    }

    /// The store was told of this rewind.
    pub(crate) fn rewind_recorded(&self, rewind: Option<(u64, u64)>) {
        let mut state = self.state();
        if state.rewind == rewind {
            state.rewind = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
