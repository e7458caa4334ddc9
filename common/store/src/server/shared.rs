//! What is read of a server, and is the same for all shards on it: they share each reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Memory;
use crate::condition::Setup;
use crate::{Store, StoreError};

/// While somebody makes a reading, the others go by one that is older by no more than this.
const MADE_WITHIN: Duration = Duration::from_secs(2);

/// What was read of each server that has shards, by its address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readings(Arc<Mutex<HashMap<String, Arc<OfServer>>>>);

/// What was read of one server.
#[derive(Debug, Default)]
struct OfServer {
    room: Reading<bool>,
    memory: Reading<Memory>,
    setup: Reading<Setup>,
}

/// What was read of it once, and whenever it is read anew.
#[derive(Debug)]
struct Reading<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    /// The last reading, and when it was made.
    last: Option<(Instant, T)>,
    /// When somebody began to make one, who has not ended yet.
    asked: Option<Instant>,
}

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self(Mutex::new(State {
            last: None,
            asked: None,
        }))
    }
}

impl<T: Clone> Reading<T> {
    /// The last one, if it is younger than `believed_for`, or if somebody else makes one now; else one that is made by `read`. That it
    /// could not be made is told to whoever tried.
    async fn get(
        &self,
        believed_for: Duration,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if let Some(known) = self.known(Instant::now(), believed_for) {
            return Ok(known);
        }
        let made = read.await;
        let mut state = lock(&self.0);
        state.asked = None;
        let made = made?;
        state.last = Some((Instant::now(), made.clone()));
        Ok(made)
    }

    /// What is known well enough; if nothing is, the caller is the one who reads.
    fn known(&self, now: Instant, believed_for: Duration) -> Option<T> {
        let mut state = lock(&self.0);
        let is_asked = state
            .asked
            .is_some_and(|asked| now.saturating_duration_since(asked) < MADE_WITHIN);
        let enough = if believed_for.is_zero() || !is_asked {
            believed_for
        } else {
            believed_for + MADE_WITHIN
        };
        let known = state
            .last
            .as_ref()
            .filter(|(when, _)| now.saturating_duration_since(*when) < enough);
        let known = known.map(|(_, known)| known.clone());
        if known.is_none() {
            state.asked = Some(now);
        }
        known
    }
}

impl Readings {
    /// Those of the server that serves a shard now.
    fn of(&self, store: &Store) -> Arc<OfServer> {
        let mut server = store.served_by();
        if !store.connections().are_to_cluster() {
            // What sentinels call it is another server after a failover.
            server = format!("{server} {}", store.connections().failovers());
        }
        Arc::clone(lock(&self.0).entry(server).or_default())
    }
}

impl Store {
    /// Whether the server takes in new work, as it was found so lately by any shard on it.
    pub(crate) async fn shared_room(
        &self,
        believed_for: Duration,
        read: impl Future<Output = Result<bool, StoreError>>,
    ) -> Result<bool, StoreError> {
        let server = self.readings().of(self);
        server.room.get(believed_for, read).await
    }

    /// What the server's settings give to say, likewise.
    pub(crate) async fn shared_setup(
        &self,
        believed_for: Duration,
        read: impl Future<Output = Result<Setup, StoreError>>,
    ) -> Result<Setup, StoreError> {
        let server = self.readings().of(self);
        server.setup.get(believed_for, read).await
    }

    /// How much memory the server uses, as it was read so lately for any shard on it.
    ///
    /// # Errors
    ///
    /// As [`Store::memory`].
    pub async fn memory_within(&self, believed_for: Duration) -> Result<Memory, StoreError> {
        self.guard().ensure_ours()?;
        let server = self.readings().of(self);
        server.memory.get(believed_for, self.memory()).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
