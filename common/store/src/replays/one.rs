//! One delivery, sent again by hand.

use domain::id::{AccountId, DeliveryId, EndpointId};

use super::ReplayOutcome;
use super::packed::PackedSource;
use crate::events::Budgets;
use crate::scripts::script;
use crate::{Store, StoreError};

script! {
    /// Sends a delivery again, of an event that may have been packed.
    "replay_one": DenyOom, Writes, needs [OWNER, RESTORE];
    struct ReplayOne<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        source: &'a DeliveryId,
        delivery: &'a DeliveryId,
        /// Bytes that the account may have unfinished.
        account_bytes: u64,
        /// Bytes that an endpoint may have parked.
        parked_bytes: u64;
        each packed: Vec<PackedSource<'a>>
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
        let endpoint = source.endpoint();
        let replay = |packed| ReplayOne {
            endpoint: &endpoint,
            account,
            source,
            delivery: new,
            account_bytes: budgets.account_bytes,
            parked_bytes: budgets.parked_bytes,
            packed,
        };
        let outcome = self.call(&replay(Vec::new())).await?;
        if outcome != ReplayOutcome::Expired {
            return Ok(outcome);
        }
        match self.packed_event(account, &source.event()).await? {
            Some(packed) => self.call(&replay(vec![PackedSource::from(&packed)])).await,
            None => Ok(ReplayOutcome::Expired),
        }
    }
}
