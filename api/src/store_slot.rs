//! Where calls find the store. The program listens at once; until it has reached a Redis that it may use, calls get a 503 here.

use std::sync::{Mutex, PoisonError};

use clap::Args;
use domain::clock::Timestamp;
use domain::id::EventId;
use program::config::MemoryArgs;
use store::Store;
use store::condition::{Readiness, StoreWarning};
use store::server::{AckDurability, AssumedArgs, Expectations};
use tokio::sync::SetOnce;

use crate::problem::{Code, Problem};

/// How durable an event has to be before the API accepts it.
#[derive(Debug, Clone, Args)]
pub struct DurabilityArgs {
    /// What a 202 waits for: `memory`, `aof`, or `replicas:N`, which is `aof` and N replicas that have the event. `aof` needs a server
    /// that runs `appendonly yes` and `appendfsync always`; so do its replicas.
    #[arg(long, env, default_value = "aof", value_parser = AckDurability::parse)]
    pub ack_durability: AckDurability,

    /// What the operator says of a server that doesn't tell.
    #[command(flatten)]
    pub assumed: AssumedArgs,
}

impl DurabilityArgs {
    /// What the program expects of the server.
    #[must_use]
    pub fn expectations(&self, memory: &MemoryArgs) -> Expectations {
        Expectations {
            durability: self.ack_durability,
            assumed: self.assumed.durability_assumed.clone(),
            budget_bytes: memory.store_budget_bytes.map(|size| size.0),
        }
    }
}

/// The store, once the program has reached it.
#[derive(Debug)]
pub struct StoreSlot {
    connected: SetOnce<Connected>,
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
            connected: SetOnce::new(),
            waiting_for: Mutex::new("Redis has not been reached yet".to_owned()),
        }
    }
}

impl StoreSlot {
    /// The store.
    ///
    /// # Errors
    ///
    /// [`Problem`] while Redis hasn't been reached, or when it holds another store than before.
    pub fn get(&self) -> Result<&Store, Problem> {
        let connected = self
            .connected
            .get()
            .ok_or_else(|| Problem::new(Code::StoreUnavailable).retry_after(2))?;
        connected.store.is_ours()?;
        Ok(&connected.store)
    }

    /// Waits until there is a store.
    pub async fn reached(&self) {
        self.connected.wait().await;
    }

    /// The store for calls that push events, which are also refused while the server would lose them.
    ///
    /// # Errors
    ///
    /// As [`Self::get`], and [`Problem`] while the server's settings would make it lose events.
    pub fn for_events(&self) -> Result<&Store, Problem> {
        let store = self.get()?;
        store.takes_events()?;
        Ok(store)
    }

    /// An id for a new event, which goes by the store's clock once that is known.
    #[must_use]
    pub fn fresh_event(&self) -> EventId {
        let connected = self.connected.get();
        let by_this_clock = || EventId::new(Timestamp::now().as_millis());
        connected.map_or_else(by_this_clock, |connected| connected.store.fresh_event())
    }

    /// For calls that ask nothing of the store: refuses them only if Redis is known to hold another store than before.
    ///
    /// # Errors
    ///
    /// [`Problem`] when it does.
    pub fn not_replaced(&self) -> Result<(), Problem> {
        let connected = self.connected.get();
        connected.map_or(Ok(()), |connected| Ok(connected.store.is_ours()?))
    }

    /// Whether the program can serve requests, judging by its latest look at the store, and what an operator should know.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let Some(connected) = self.connected.get() else {
            return Readiness {
                reasons: vec![self.waiting_for()],
                ..Readiness::default()
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

    /// Says why there is no store yet, for `/readyz`.
    pub fn set_waiting_for(&self, reason: String) {
        *self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Hands the store to the calls, with the warnings that the store doesn't check again. A second call changes nothing.
    pub fn set(&self, store: Store, warnings: Vec<String>) {
        if self.connected.set(Connected { store, warnings }).is_err() {
            tracing::debug!("the store was already set");
        }
    }
}
