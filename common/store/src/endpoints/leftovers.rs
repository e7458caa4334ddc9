//! What is left of endpoints that were removed: until it has gone, no endpoint may be made with the same id.

use std::collections::BTreeSet;

use domain::id::{DeliveryId, EndpointId};

use crate::{Store, StoreError};

/// The most queues that were set aside which are looked at: upkeep works through thousands in a second.
const MOST_SWEEPS: usize = 100_000;

impl Store {
    /// The endpoints of which something is in flight or in quarantine, or was set aside.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn endpoints_with_leftovers(&self) -> Result<BTreeSet<EndpointId>, StoreError> {
        let mut found = BTreeSet::new();
        for name in ["leases", "quarantine"] {
            let members = self.first_members(name, usize::MAX).await?;
            let deliveries = members.iter().filter_map(|id| id.parse::<DeliveryId>().ok());
            found.extend(deliveries.map(|delivery| delivery.endpoint()));
        }
        let mut read = redis::cmd("LRANGE");
        read.arg(self.keys().key("sweeps")).arg(0).arg(MOST_SWEEPS);
        let sweeps: Vec<String> = self.query(&read).await?;
        found.extend(
            sweeps
                .iter()
                .filter_map(|sweep| sweep.split(' ').nth(1)?.parse().ok()),
        );
        Ok(found)
    }
}
