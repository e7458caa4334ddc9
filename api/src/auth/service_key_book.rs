//! All service keys that are valid: those of `SERVICE_KEYS`, and those that operators keep in the store (`webhooksctl keys`).
//!
//! They are in memory, so that verifying one asks nothing of Redis, and what was read once stays valid while Redis is away. Whoever watches the
//! store brings what has changed there. If both have a key with the same id, that of `SERVICE_KEYS` counts.

use std::sync::{Arc, Mutex, PoisonError};

use program::live::Live;
use store::service_keys::ServiceKeyEntries;

use super::AuthError;
use super::service_key::{PREFIX, ServiceKey, ServiceKeys};

/// The service keys that are valid.
#[derive(Debug)]
pub struct ServiceKeyBook {
    sources: Mutex<Sources>,
    valid: Live<ServiceKeys>,
}

#[derive(Debug)]
struct Sources {
    configured: ServiceKeys,
    /// What the shards said, once one did.
    stored: Option<ServiceKeyEntries>,
}

impl From<ServiceKeys> for ServiceKeyBook {
    fn from(configured: ServiceKeys) -> Self {
        Self {
            valid: configured.clone().into(),
            sources: Mutex::new(Sources {
                configured,
                stored: None,
            }),
        }
    }
}

impl ServiceKeyBook {
    /// Which of the keys a token is.
    ///
    /// # Errors
    ///
    /// [`AuthError`] when it is none, or may be one that the store has, which was not seen yet.
    pub fn verify(&self, token: &str) -> Result<ServiceKey, AuthError> {
        self.valid.get().verify(token).map_err(|error| {
            let may_be_stored = error == AuthError::ServiceKey && token.starts_with(PREFIX);
            if may_be_stored && self.sources(|sources| sources.stored.is_none()) {
                return AuthError::StoreUnseen;
            }
            error
        })
    }

    /// Those that are valid now.
    #[must_use]
    pub fn get(&self) -> Arc<ServiceKeys> {
        self.valid.get()
    }

    /// `SERVICE_KEYS` has these from now on.
    pub fn configure(&self, configured: ServiceKeys) {
        self.sources(|sources| {
            sources.configured = configured;
            self.renew(sources);
        });
    }

    /// A shard has these. Of each id the newest counts, whichever shard had it.
    pub fn learn(&self, copy: ServiceKeyEntries) {
        self.sources(|sources| {
            if sources.stored.get_or_insert_default().merge(copy) {
                let valid = self.renew(sources);
                tracing::info!(service_keys = valid, "service keys of the store were read");
            }
        });
    }

    fn sources<T>(&self, with: impl FnOnce(&mut Sources) -> T) -> T {
        with(&mut self.sources.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts together which are valid; returns how many.
    fn renew(&self, sources: &Sources) -> usize {
        let Sources { configured, stored } = sources;
        let mut kept = Vec::new();
        for (id, _, key) in stored.iter().flat_map(ServiceKeyEntries::valid) {
            if configured.has(id) {
                tracing::warn!(
                    id,
                    "SERVICE_KEYS and the store have a service key with the same id: that of SERVICE_KEYS counts"
                );
            } else {
                kept.push(ServiceKey::new(id, key.hash, key.may_manage));
            }
        }
        let valid = configured.with(kept);
        let count = valid.len();
        self.valid.set(valid);
        count
    }
}

#[cfg(test)]
mod tests;
