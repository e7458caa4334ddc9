//! How the places for look-ups are shared: whoever asks may hold as many as are free, and no more.
//!
//! So an account whose names are never answered takes half of them when it is alone, several take equal parts, and there is
//! always room for one more: a look-up that nobody answers keeps its place for seconds, so a place must be free at the moment
//! when a neighbour comes, not seconds later. Names that are answered need one for milliseconds.

use std::collections::HashMap;

use domain::id::AccountId;

/// For whom a name is looked up; `None`: for this worker itself, which finds out whether its own network is up.
pub(crate) type Asker = Option<AccountId>;

/// The places, and who holds how many.
#[derive(Debug)]
pub(super) struct Shares {
    free: usize,
    held: HashMap<Asker, usize>,
}

impl Shares {
    /// This many places, all of them free.
    pub(super) fn of(places: usize) -> Self {
        Self {
            free: places,
            held: HashMap::new(),
        }
    }

    /// How many places somebody holds.
    pub(super) fn held_by(&self, asker: &Asker) -> usize {
        self.held.get(asker).copied().unwrap_or_default()
    }

    /// Whether somebody may take a place now.
    pub(super) fn may_take(&self, asker: &Asker) -> bool {
        self.held_by(asker) < self.free
    }

    /// Takes a place. Whoever may not take one must not call this.
    pub(super) fn take(&mut self, asker: &Asker) {
        self.free = self.free.saturating_sub(1);
        *self.held.entry(asker.clone()).or_default() += 1;
    }

    /// Gives a place back.
    pub(super) fn give_back(&mut self, asker: &Asker) {
        self.free += 1;
        if let Some(held) = self.held.get_mut(asker) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(asker);
            }
        }
    }
}

#[cfg(test)]
mod tests;
