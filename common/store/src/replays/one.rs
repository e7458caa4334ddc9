//! One delivery, sent again by hand.

use domain::id::{AccountId, DeliveryId, EndpointId};

use super::ReplayOutcome;
use super::packed::PackedSource;
use crate::events::Budgets;
use crate::history::PackedEvent;
use crate::scripts::script;
use crate::{Store, StoreError};

/// How often an event is looked up whose block was written anew meanwhile.
const LOOKS: usize = 8;

script! {
    /// Sends a delivery again, of an event that may have been packed.
    "replay_one": DenyOom, Writes, needs [TERMS, OWNER, RESTORE, AUDIT, HERE];
    struct ReplayOne<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        source: &'a DeliveryId,
        delivery: &'a DeliveryId,
        /// Bytes that the account may have unfinished.
        account_bytes: u64,
        /// Bytes that an endpoint may have parked.
        parked_bytes: u64,
        order: &'a str;
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
        let replay = Replayed {
            account,
            source,
            new,
            budgets,
        };
        let outcome = self.replay_as(&replay, None).await?;
        if outcome != ReplayOutcome::Expired {
            return Ok(outcome);
        }
        let mut looked_at = None;
        for _ in 0..LOOKS {
            let found = self.packed_event(account, &source.event()).await?;
            let Some(packed) = found.filter(|packed| looked_at.as_ref() != Some(&packed.block)) else {
                break;
            };
            let outcome = self.replay_as(&replay, Some(&packed)).await?;
            if outcome != ReplayOutcome::Expired {
                return Ok(outcome);
            }
            // Something else may have been taken out of the block, which gave it another id.
            looked_at = Some(packed.block);
        }
        Ok(ReplayOutcome::Expired)
    }

    async fn replay_as(
        &self,
        replay: &Replayed<'_>,
        packed: Option<&PackedEvent>,
    ) -> Result<ReplayOutcome, StoreError> {
        self.call(&ReplayOne {
            endpoint: &replay.source.endpoint(),
            account: replay.account,
            source: replay.source,
            delivery: replay.new,
            account_bytes: replay.budgets.account_bytes,
            parked_bytes: replay.budgets.parked_bytes,
            order: self.order(),
            packed: packed.map(PackedSource::from).into_iter().collect(),
        })
        .await
    }
}

/// What is sent again, and as what.
struct Replayed<'a> {
    account: &'a AccountId,
    source: &'a DeliveryId,
    new: &'a DeliveryId,
    budgets: Budgets,
}
