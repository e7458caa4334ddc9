//! The parts of the program that every request can reach.

use std::ops::Deref;
use std::sync::Arc;

use domain::catalog::Catalog;
use domain::endpoint::UrlPolicy;
use domain::header_names::HeaderPrefix;
use domain::sealing::SecretsKeyring;
use poem::Request;
use program::live::Live;
use traces::Tracer;

use crate::allowance::Allowance;
use crate::auth::clerk::SessionVerifier;
use crate::auth::look_ups::LookUps;
use crate::auth::service_key_book::ServiceKeyBook;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::rate_limit::RateLimits;
use crate::refusals::Refusals;
use crate::stopping::Stopping;
use crate::store_slot::StoreSlot;
use crate::streams::Streams;

/// A handle to the program's parts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// The program's parts.
#[derive(Debug)]
pub struct Parts {
    /// The store, once the program has reached it.
    pub store: StoreSlot,
    /// Verifies session tokens.
    pub sessions: Live<SessionVerifier>,
    /// Verifies service keys.
    pub service_keys: ServiceKeyBook,
    /// Whose turn it is to have a key of an account looked up.
    pub api_keys: LookUps,
    /// The same of portal sessions.
    pub portal_sessions: LookUps,
    /// Seals signing secrets.
    pub secrets: Live<SecretsKeyring>,
    /// Which URLs customers may register.
    pub urls: UrlPolicy,
    /// What the names of our headers begin with.
    pub header_prefix: HeaderPrefix,
    /// The event types.
    pub event_types: Catalog,
    /// What one account may have.
    pub allowance: Allowance,
    /// How much may come in a minute.
    pub rates: RateLimits,
    /// Who was told to wait.
    pub refusals: Refusals,
    /// What Prometheus sees.
    pub metrics: Metrics,
    /// Takes the parts of traces.
    pub tracer: Tracer,
    /// The live streams that are open.
    pub streams: Arc<Streams>,
    /// Whether it was asked to stop.
    pub stopping: Stopping,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The program that serves a request.
    ///
    /// # Errors
    ///
    /// [`Problem`] when the request didn't come through [`crate::server`], which attaches it.
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
