//! One delivery, sent again by hand.

use domain::id::{AccountId, DeliveryId, EndpointId};

use super::ReplayOutcome;
use crate::events::Budgets;
use crate::scripts::script;
use crate::{Store, StoreError};

script! {
    /// Sends a delivery again.
    "replay_one": DenyOom, Writes, needs [OWNER, REPLAYS];
    struct ReplayOne<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        source: &'a DeliveryId,
        delivery: &'a DeliveryId,
        /// Bytes that the account may have unfinished.
        account_bytes: u64,
        /// Bytes that an endpoint may have parked.
        parked_bytes: u64
    } -> ReplayOutcome
}

impl Store {
    /// Sends a delivery again as `new`, a fresh id of the same event and endpoint. The caller has made sure that `source`
    /// exists. Repeating the call makes nothing more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn replay_delivery(
        &self,
        account: &AccountId,
        source: &DeliveryId,
        new: &DeliveryId,
        budgets: Budgets,
    ) -> Result<ReplayOutcome, StoreError> {
        self.call(&ReplayOne {
            endpoint: &source.endpoint(),
            account,
            source,
            delivery: new,
            account_bytes: budgets.account_bytes,
            parked_bytes: budgets.parked_bytes,
        })
        .await
    }
}
