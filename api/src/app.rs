//! What every request may use: the store, the verifiers, the limits, the counters and the live streams.

use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use domain::endpoint::UrlPolicy;
use domain::sealing::SecretsKeyring;
use poem::Request;
use store::Store;
use store::condition::{Readiness, StoreWarning};

use crate::allowance::Allowance;
use crate::auth::clerk::SessionVerifier;
use crate::auth::service_key::ServiceKeys;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::rate_limit::RateLimits;
use crate::streams::Streams;

/// A handle to the program's parts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// The program's parts.
#[derive(Debug)]
pub struct Parts {
    /// Redis, once it was reached.
    pub store: StoreSlot,
    /// Verifies session tokens.
    pub sessions: SessionVerifier,
    /// Verifies service keys.
    pub service_keys: ServiceKeys,
    /// Seals signing secrets.
    pub secrets: SecretsKeyring,
    /// Which URLs may be registered.
    pub urls: UrlPolicy,
    /// What one account may have.
    pub allowance: Allowance,
    /// How much may come in a minute.
    pub rates: RateLimits,
    /// What Prometheus sees.
    pub metrics: Metrics,
    /// The live streams that are being sent.
    pub streams: Arc<Streams>,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl App {
    /// The program that a request was made to.
    ///
    /// # Errors
    ///
    /// [`Problem`] when the request did not come through the server.
    pub fn of(request: &Request) -> Result<&Self, Problem> {
        request
            .data::<Self>()
            .ok_or_else(|| Problem::new(Code::InternalError))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The store, from the moment that Redis was reached and found to be set up well.
#[derive(Debug)]
pub struct StoreSlot {
    store: OnceLock<Connected>,
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
            store: OnceLock::new(),
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
            .store
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
        let connected = self.store.get();
        connected.map_or(Ok(()), |connected| Ok(connected.store.is_ours()?))
    }

    /// Whether requests can be served, by what was seen last; and what an operator should know.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let Some(connected) = self.store.get() else {
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
        if self.store.set(Connected { store, warnings }).is_err() {
            tracing::debug!("the store was already set");
        }
    }
}
