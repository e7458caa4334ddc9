//! How places are shared that somebody may hold for seconds: whoever asks may hold as many as are free, and no more.
//!
//! So an account whose names are never answered, or whose receivers hang, takes half of them when it is alone, several take equal parts,
//! and there is always room for one more: a place must be free at the moment when a neighbour comes, not seconds later. What is answered
//! needs one for milliseconds.

use std::collections::HashMap;
use std::hash::Hash;

/// The places, and who holds how many.
#[derive(Debug)]
pub(crate) struct Shares<A> {
    free: usize,
    held: HashMap<A, usize>,
}

impl<A: Clone + Eq + Hash> Shares<A> {
    /// This many places, all of them free.
    pub(crate) fn of(places: usize) -> Self {
        Self {
            free: places,
            held: HashMap::new(),
        }
    }

    /// How many places somebody holds.
    pub(crate) fn held_by(&self, asker: &A) -> usize {
        self.held.get(asker).copied().unwrap_or_default()
    }

    /// Whether somebody may take a place now.
    pub(crate) fn may_take(&self, asker: &A) -> bool {
        self.held_by(asker) < self.free
    }

    /// Takes a place. Whoever may not take one must not call this.
    pub(crate) fn take(&mut self, asker: &A) {
        self.free = self.free.saturating_sub(1);
        *self.held.entry(asker.clone()).or_default() += 1;
    }

    /// Gives a place back.
    pub(crate) fn give_back(&mut self, asker: &A) {
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
