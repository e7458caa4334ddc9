//! Tokens of accounts, which are their keys and portal sessions: which of them are looked up at once, and which wait for their turn.
//!
//! A token names its account, and anybody can make up one of any account. So one that was good a while ago is looked up at once, and
//! one that wasn't waits until it is its account's turn: one of an account is looked up at a time, and a few of all. Who tries one that
//! turns out to be unknown keeps the turn a moment longer, so that a flood of them asks the store seldom. Each kind of token has its own
//! turns, so that a flood of the one doesn't hold up the other.
//!
//! Whether a token is good is for the store to say, each time: what is remembered here decides only who waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::AccountId;
use store::StoreError;
use store::api_keys::KeyUse;
use store::portal_sessions::SessionUse;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For how long a token that was good needs no turn.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The most tokens that are remembered.
const MOST: usize = 10_000;

/// How many tokens that nobody remembers are looked up at a time.
const AT_A_TIME: usize = 4;

/// For how long somebody with an unknown token keeps the turn.
const KEPT: Duration = Duration::from_millis(2);

/// The tokens of one kind that are looked up by this process.
#[derive(Debug)]
pub struct LookUps {
    /// By hash, until when they need no turn.
    proven: Mutex<HashMap<String, Instant>>,
    turns: Semaphore,
    accounts: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
}

impl Default for LookUps {
    fn default() -> Self {
        Self {
            proven: Mutex::default(),
            turns: Semaphore::new(AT_A_TIME),
            accounts: Mutex::default(),
        }
    }
}

/// What the store says of a token.
pub trait Found {
    /// Whether it is good.
    fn is_good(&self) -> bool;
}

impl Found for Option<KeyUse> {
    fn is_good(&self) -> bool {
        matches!(self, Some(KeyUse::Good(..)))
    }
}

impl Found for Option<SessionUse> {
    fn is_good(&self) -> bool {
        matches!(self, Some(SessionUse::Good(..)))
    }
}

impl LookUps {
    /// Asks the store about a token of an account, by its hash, when it is its turn.
    ///
    /// # Errors
    ///
    /// Those of `asked`.
    pub async fn look_up<F: Found>(
        &self,
        account: &AccountId,
        hash: String,
        asked: impl Future<Output = Result<F, StoreError>>,
    ) -> Result<F, StoreError> {
        if self.is_proven(&hash, Instant::now()) {
            let found = asked.await?;
            if !found.is_good() {
                self.proven().remove(&hash);
            }
            return Ok(found);
        }
        let mut turn = Turn::wanted_by(self, account);
        turn.own = Arc::clone(&turn.line).acquire_owned().await.ok();
        // Nobody closes either.
        let _one_of_all = self.turns.acquire().await;
        let found = asked.await?;
        if found.is_good() {
            self.remember(hash, Instant::now());
        } else {
            tokio::time::sleep(KEPT).await;
        }
        Ok(found)
    }

    fn is_proven(&self, hash: &str, now: Instant) -> bool {
        self.proven().get(hash).is_some_and(|until| now < *until)
    }

    fn remember(&self, hash: String, now: Instant) {
        let mut proven = self.proven();
        if proven.len() >= MOST {
            proven.retain(|_, until| now < *until);
        }
        if proven.len() < MOST {
            proven.insert(hash, now + REMEMBERED);
        }
    }

    fn proven(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, Arc<Semaphore>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's turn, or their place among those of their account who wait for it.
struct Turn<'a> {
    look_ups: &'a LookUps,
    account: &'a AccountId,
    line: Arc<Semaphore>,
    own: Option<OwnedSemaphorePermit>,
}

impl<'a> Turn<'a> {
    fn wanted_by(look_ups: &'a LookUps, account: &'a AccountId) -> Self {
        let mut accounts = look_ups.accounts();
        let line = accounts.entry(account.clone());
        let line = Arc::clone(line.or_insert_with(|| Arc::new(Semaphore::new(1))));
        Self {
            look_ups,
            account,
            line,
            own: None,
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.own = None;
        let mut accounts = self.look_ups.accounts();
        // Nobody else of the account waits: the map has the one, and this is the other.
        if Arc::strong_count(&self.line) == 2 {
            accounts.remove(self.account);
        }
    }
}

#[cfg(test)]
mod tests;
