//! Retrying at once what waits for a retry.

use domain::id::{AccountId, EndpointId};

use crate::scripts::{answered_in_words, script};
use crate::{Store, StoreError};

/// What came of asking for all retries at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryNow {
    /// So many waited for a retry, and come within a minute.
    Retried(u64),
    /// The endpoint is not active: what is parked comes when it is switched on.
    Inactive,
    /// The account has no such endpoint.
    EndpointNotFound,
}

script! {
    /// Brings all that waits for a retry forward.
    "endpoint_retry": AllowOom, Writes, needs [OWNER, FORWARD, HERE];
    struct EndpointRetry<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId
    } -> RetryNow
}

answered_in_words! {
    RetryNow {
        "retried" => Retried(waiting),
        "inactive" => Inactive,
        "" => EndpointNotFound,
    }
}

impl Store {
    /// Brings forward all that waits for a retry at an endpoint, whatever it waits for: it comes spread over a tenth of a
    /// second for each delivery, a minute at most; if the endpoint is held, after the hold. Repeating it is harmless.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn retry_now(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<RetryNow, StoreError> {
        self.call(&EndpointRetry { endpoint, account }).await
    }
}
