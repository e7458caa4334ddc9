//! Who may have a signature examined now.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use domain::id::AccountId;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many examinations run at a time, on one core; accepting events must not wait for them.
const AT_A_TIME: usize = 1;

/// The examinations of a program: one of an account at a time, and few of all. Accounts take turns, since each is in the queue only
/// once.
#[derive(Debug)]
pub(super) struct Room {
    accounts: Mutex<BTreeSet<AccountId>>,
    turns: Semaphore,
}

/// An account's place: nobody else of the account gets one until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    room: &'a Room,
    account: AccountId,
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
            accounts: Mutex::new(BTreeSet::new()),
            turns: Semaphore::const_new(AT_A_TIME),
        }
    }

    /// The account's place; `None` while it has one.
    pub(super) fn enter(&self, account: &AccountId) -> Option<Place<'_>> {
        let is_new = self.accounts().insert(account.clone());
        is_new.then(|| Place {
            room: self,
            account: account.clone(),
        })
    }

    fn accounts(&self) -> std::sync::MutexGuard<'_, BTreeSet<AccountId>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Place<'a> {
    /// Waits until it is this account's turn.
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
        self.room.accounts().remove(&self.account);
    }
}

#[cfg(test)]
mod tests;
