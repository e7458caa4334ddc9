//! Who may have a signature examined now.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::access::Share;

/// How many examinations run at a time, on one core; accepting events must not wait for them.
const AT_A_TIME: usize = 1;

/// The examinations of a program: one of a share at a time, and few of all. They take turns, since each is in the queue only once.
#[derive(Debug)]
pub(super) struct Room {
    shares: Mutex<BTreeSet<Share>>,
    turns: Semaphore,
}

/// The place of a share: nobody else of it gets one until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    room: &'a Room,
    share: Share,
}

/// A turn to examine.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _place: Place<'a>,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Room {
    pub(super) const fn new() -> Self {
        Self {
            shares: Mutex::new(BTreeSet::new()),
            turns: Semaphore::const_new(AT_A_TIME),
        }
    }

    /// The share's place; `None` while it has one.
    pub(super) fn enter(&self, share: &Share) -> Option<Place<'_>> {
        let is_new = self.shares().insert(share.clone());
        is_new.then(|| Place {
            room: self,
            share: share.clone(),
        })
    }

    fn shares(&self) -> std::sync::MutexGuard<'_, BTreeSet<Share>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Place<'a> {
    /// Waits until it is its turn.
    pub(super) async fn turn(self) -> Turn<'a> {
        // Nobody closes the semaphore.
        let permit = self.room.turns.acquire().await.ok();
        Turn {
            _place: self,
            _permit: permit,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.room.shares().remove(&self.share);
    }
}

#[cfg(test)]
mod tests;
