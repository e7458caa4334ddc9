//! Letting go now what waits for an endpoint.

use domain::id::{AccountId, EndpointId};

use crate::scripts::{answered_in_words, script};
use crate::{Store, StoreError};

script! {
    /// Lets go now what waits for the end of a hold, for a retry, or in quarantine.
    "endpoint_release": AllowOom, Writes, needs [OWNER, QUARANTINE, FORWARD, AUDIT, HERE];
    struct EndpointRelease<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        order: &'a str
    } -> Released
}

/// What came of releasing an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Released {
    /// It goes now: whether it was held, since its receiver had asked for that, how many waited for a retry, which come within a minute,
    /// and how many were in quarantine.
    Released(bool, u64, u64),
    /// It isn't active, but in this state. Nothing was changed.
    Inactive(String),
    /// The account has no such endpoint.
    EndpointNotFound,
}

answered_in_words! {
    Released {
        "released" => Released(was_held, retries, suspects),
        "inactive" => Inactive(state),
        "" => EndpointNotFound,
    }
}

impl Store {
    /// Ends an active endpoint's hold, brings its retries forward, and serves its suspects now. Repeating it is harmless.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn release_waiting(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<Released, StoreError> {
        self.call(&EndpointRelease {
            endpoint,
            account,
            order: self.order(),
        })
        .await
    }
}
