//! Keys of accounts: which of them are looked up at once, and which wait for their turn.
//!
//! A key names its account, and anybody can make up a key of any account. So a key that was good a while ago is looked up at once, and
//! one that wasn't waits until it is its account's turn: one of an account is looked up at a time, and a few of all. Who tries one that
//! turns out to be unknown keeps the turn a moment longer, so that a flood of them asks the store seldom.
//!
//! Whether a key is good is for the store to say, each time: what is remembered here decides only who waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::api_key::ApiKeyToken;
use domain::id::AccountId;
use store::StoreError;
use store::api_keys::KeyUse;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For how long a key that was good needs no turn.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The most keys that are remembered.
const MOST: usize = 10_000;

/// How many keys that nobody remembers are looked up at a time.
const AT_A_TIME: usize = 4;

/// For how long somebody with an unknown key keeps the turn.
const KEPT: Duration = Duration::from_millis(2);

/// The keys that are looked up by this process.
#[derive(Debug)]
pub struct ApiKeys {
    /// By hash, until when they need no turn.
    proven: Mutex<HashMap<String, Instant>>,
    turns: Semaphore,
    accounts: Mutex<HashMap<AccountId, Arc<Semaphore>>>,
}

impl Default for ApiKeys {
    fn default() -> Self {
        Self {
            proven: Mutex::default(),
            turns: Semaphore::new(AT_A_TIME),
            accounts: Mutex::default(),
        }
    }
}

impl ApiKeys {
    /// Asks the store about a key, when it is its turn.
    ///
    /// # Errors
    ///
    /// Those of `asked`.
    pub async fn look_up(
        &self,
        token: &ApiKeyToken,
        asked: impl Future<Output = Result<Option<KeyUse>, StoreError>>,
    ) -> Result<Option<KeyUse>, StoreError> {
        let hash = token.hash();
        if self.is_proven(&hash, Instant::now()) {
            let found = asked.await?;
            if !is_good(&found) {
                self.proven().remove(&hash);
            }
            return Ok(found);
        }
        let mut turn = Turn::wanted_by(self, token.account());
        turn.own = Arc::clone(&turn.line).acquire_owned().await.ok();
        // Nobody closes either.
        let _one_of_all = self.turns.acquire().await;
        let found = asked.await?;
        if is_good(&found) {
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

const fn is_good(found: &Option<KeyUse>) -> bool {
    matches!(found, Some(KeyUse::Good(..)))
}

/// Somebody's turn, or their place among those of their account who wait for it.
struct Turn<'a> {
    keys: &'a ApiKeys,
    account: &'a AccountId,
    line: Arc<Semaphore>,
    own: Option<OwnedSemaphorePermit>,
}

impl<'a> Turn<'a> {
    fn wanted_by(keys: &'a ApiKeys, account: &'a AccountId) -> Self {
        let mut accounts = keys.accounts();
        let line = accounts.entry(account.clone());
        let line = Arc::clone(line.or_insert_with(|| Arc::new(Semaphore::new(1))));
        Self {
            keys,
            account,
            line,
            own: None,
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.own = None;
        let mut accounts = self.keys.accounts();
        // Nobody else of the account waits: the map has the one, and this is the other.
        if Arc::strong_count(&self.line) == 2 {
            accounts.remove(self.account);
        }
    }
}

#[cfg(test)]
mod tests;
