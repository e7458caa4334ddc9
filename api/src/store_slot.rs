//! Where calls find the store: the program listens at once, and its calls answer 503 until Redis was reached and may be used.

use std::sync::{Mutex, OnceLock, PoisonError};

use clap::Args;
use program::config::MemoryArgs;
use store::Store;
use store::condition::{Readiness, StoreWarning};
use store::server::{AckDurability, Expectations};

use crate::problem::{Code, Problem};

/// What an answer waits for.
#[derive(Debug, Clone, Copy, Args)]
pub struct DurabilityArgs {
    /// What a 202 waits for; `aof` needs a server that runs `appendonly yes` and `appendfsync always`.
    #[arg(long, env, default_value = "aof")]
    pub ack_durability: AckDurability,
}

impl DurabilityArgs {
    /// What the server has to be able to do.
    #[must_use]
    pub fn expectations(&self, memory: &MemoryArgs) -> Expectations {
        Expectations {
            durability: self.ack_durability,
            budget_bytes: memory.store_budget_bytes.map(|size| size.0),
        }
    }
}

/// The store, once it was reached.
#[derive(Debug)]
pub struct StoreSlot {
    connected: OnceLock<Connected>,
    /// Why there is no store yet.
    waiting_for: Mutex<String>,
}

#[derive(Debug)]
struct Connected {
    store: Store,
    warnings: Vec<String>,
}

impl Default for StoreSlot {
    fn default() -> Self {
        Self {
            connected: OnceLock::new(),
            waiting_for: Mutex::new("Redis has not been reached yet".to_owned()),
        }
    }
}

impl StoreSlot {
    /// The store.
    ///
    /// # Errors
    ///
    /// [`Problem`] while Redis has not been reached, or has another store than it had.
    pub fn get(&self) -> Result<&Store, Problem> {
        let connected = self
            .connected
            .get()
            .ok_or_else(|| Problem::new(Code::StoreUnavailable).retry_after(2))?;
        connected.store.is_ours()?;
        Ok(&connected.store)
    }

    /// The store, for events: they are refused, too, while it would lose them.
    ///
    /// # Errors
    ///
    /// [`Problem`] as [`Self::get`], and while the server is set up so that it would lose events.
    pub fn for_events(&self) -> Result<&Store, Problem> {
        let store = self.get()?;
        store.takes_events()?;
        Ok(store)
    }

    /// That the store isn't known to be another one than it was; for calls that need nothing of it.
    ///
    /// # Errors
    ///
    /// [`Problem`] when it is.
    pub fn not_replaced(&self) -> Result<(), Problem> {
        let connected = self.connected.get();
        connected.map_or(Ok(()), |connected| Ok(connected.store.is_ours()?))
    }

    /// Whether requests can be served, by what was seen last; and what an operator should know.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let Some(connected) = self.connected.get() else {
            return Readiness {
                reasons: vec![self.waiting_for()],
                warnings: Vec::new(),
            };
        };
        let mut readiness = connected.store.readiness();
        let lasting = connected.warnings.iter().map(|message| StoreWarning {
            code: "start",
            message: message.clone(),
        });
        readiness.warnings.extend(lasting);
        readiness
    }

    fn waiting_for(&self) -> String {
        self.waiting_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes why there is no store yet.
    pub fn set_waiting_for(&self, reason: String) {
        *self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Redis was reached; the warnings are those that the store doesn't look at again. A second call changes nothing.
    pub fn set(&self, store: Store, warnings: Vec<String>) {
        if self.connected.set(Connected { store, warnings }).is_err() {
            tracing::debug!("the store was already set");
        }
    }
}
