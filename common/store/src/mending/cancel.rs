//! Canceling a delivery, or all of an event that are unfinished.

use domain::id::{AccountId, DeliveryId, EventId};

use crate::erasing::{STEP, Spot, SpotRecord, stem_of};
use crate::scripts::script;
use crate::{Store, StoreError};

/// How often they are looked for. They may move while they are: what has just been leased is no longer in the list that is looked
/// through, and was not yet among the leases.
const LOOKS: usize = 4;

script! {
    /// Cancels deliveries that were found; how many.
    "deliveries_cancel": AllowOom, Writes, needs [TERMS, DELIVERIES, TAKEN, AUDIT, HERE];
    struct DeliveriesCancel<'a> {
        account: &'a AccountId,
        target: &'a str,
        order: &'a str;
        each spot: Vec<SpotRecord<'a>>
    } -> u64
}

impl Store {
    /// How many deliveries of an event are unfinished, as far as they are found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn count_unfinished(&self, account: &AccountId, event: &EventId) -> Result<u64, StoreError> {
        let endpoints = self.endpoint_ids(account).await?;
        let found = self.unfinished_deliveries(&endpoints, &stem_of(event)).await?;
        Ok(found.len() as u64)
    }

    /// Cancels the unfinished deliveries of an event, wherever they wait or are in flight; how many. An attempt that is under way goes on, and
    /// nothing is kept of its outcome. A replay can send them again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. What was canceled until then stays so.
    pub async fn cancel_event(&self, account: &AccountId, event: &EventId) -> Result<u64, StoreError> {
        let endpoints = self.endpoint_ids(account).await?;
        let mut canceled = 0;
        for _ in 0..LOOKS {
            let found = self.unfinished_deliveries(&endpoints, &stem_of(event)).await?;
            canceled += self.cancel_at(account, event.as_str(), &found).await?;
        }
        Ok(canceled)
    }

    /// Cancels a delivery, wherever it waits or is in flight; whether it did.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn cancel_delivery(
        &self,
        account: &AccountId,
        delivery: &DeliveryId,
    ) -> Result<bool, StoreError> {
        for _ in 0..LOOKS {
            let mut found = self
                .unfinished_deliveries(&[delivery.endpoint()], delivery.as_str())
                .await?;
            // Replays of it have ids that begin likewise.
            found.retain(|spot| spot.delivery() == delivery.as_str());
            if self.cancel_at(account, delivery.as_str(), &found).await? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn cancel_at(&self, account: &AccountId, target: &str, found: &[Spot]) -> Result<u64, StoreError> {
        let mut canceled = 0;
        for spots in found.chunks(STEP) {
            let cancel = DeliveriesCancel {
                account,
                target,
                order: self.order(),
                spot: spots.iter().map(Spot::record).collect(),
            };
            canceled += self.call(&cancel).await?;
        }
        Ok(canceled)
    }
}
