//! What every request may use: the store, the verifiers, the limits, the counters and the live streams.

use std::ops::Deref;
use std::sync::Arc;

use domain::endpoint::UrlPolicy;
use domain::sealing::SecretsKeyring;
use poem::Request;

use crate::allowance::Allowance;
use crate::auth::clerk::SessionVerifier;
use crate::auth::service_key::ServiceKeys;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::rate_limit::RateLimits;
use crate::store_slot::StoreSlot;
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
