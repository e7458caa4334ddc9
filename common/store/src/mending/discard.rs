//! Canceling all that waits for an endpoint.

use domain::id::{AccountId, EndpointId};

use crate::endpoints::operation_id;
use crate::scripts::{answered_in_words, script};
use crate::{Store, StoreError};

script! {
    /// Cancels all that waits for an endpoint.
    "endpoint_discard": AllowOom, Writes, needs [OWNER, SWEEPS, AUDIT, HERE];
    struct EndpointDiscard<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        operation: &'a str,
        order: &'a str
    } -> Discarding
}

/// What came of that.
#[derive(Debug)]
pub(crate) enum Discarding {
    /// So many are canceled.
    Discarded(u64),
    /// The account has no such endpoint.
    EndpointNotFound,
}

answered_in_words! {
    Discarding { "discarded" => Discarded(deliveries), "" => EndpointNotFound }
}

impl Store {
    /// Cancels all that waits for an endpoint: for its turn, for a retry, in quarantine, or parked. Answers how many deliveries that are;
    /// `None` when the account has no such endpoint. What is in flight finishes its attempt. A replay can send again what was discarded.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn discard_waiting(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<Option<u64>, StoreError> {
        let done = self
            .call(&EndpointDiscard {
                endpoint,
                account,
                operation: &operation_id(),
                order: self.order(),
            })
            .await?;
        Ok(match done {
            Discarding::Discarded(deliveries) => Some(deliveries),
            Discarding::EndpointNotFound => None,
        })
    }
}
