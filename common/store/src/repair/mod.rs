//! `check --repair`: mends what the check found, where that is no guess: sums and entries that follow from other keys.
//!
//! The check sees different keys at different moments, so each [`Remedy`] is a script that looks again, at one moment, and changes nothing if
//! it isn't so any more. What it did it notes in the [`audit`](crate::audit).

mod script;

use std::time::Duration;

use crate::check::{Aspect, Remedy};
use crate::{Store, StoreError};

pub use self::script::Repaired;
pub(crate) use self::script::{
    RepairDelivery, RepairEndpoint, RepairFinished, RepairLifetime, RepairMember, RepairShares, RepairSum,
};

impl Store {
    /// Mends a violation, if it is still there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the user may not write.
    pub async fn repair(&self, remedy: &Remedy) -> Result<Repaired, StoreError> {
        let order = self.order();
        match remedy {
            Remedy::AccountBytes {
                account,
                stored,
                counted,
            } => {
                let stored = stored.map(|stored| stored.to_string()).unwrap_or_default();
                let sum = RepairSum {
                    account,
                    endpoint: "",
                    field: "bytes",
                    stored: &stored,
                    counted: &counted.to_string(),
                    order,
                };
                self.call(&sum).await
            }
            Remedy::EndpointCount {
                endpoint,
                account,
                field,
                stored,
                counted,
            } => {
                let sum = RepairSum {
                    account,
                    endpoint,
                    field,
                    stored: &stored.to_string(),
                    counted: &counted.to_string(),
                    order,
                };
                self.call(&sum).await
            }
            Remedy::Endpoint { endpoint, aspect } => {
                let (aspect, failures) = word(*aspect);
                self.call(&RepairEndpoint {
                    endpoint,
                    aspect,
                    failures,
                    order,
                })
                .await
            }
            Remedy::Finished {
                account,
                class,
                event,
            } => {
                let event = event.as_deref().unwrap_or_default();
                self.call(&RepairFinished {
                    account,
                    class,
                    event,
                    order,
                })
                .await
            }
            Remedy::Member { key, member } => {
                let index = key;
                self.call(&RepairMember { index, member, order }).await
            }
            Remedy::Lifetime { key, stays } => {
                let lifetime = RepairLifetime {
                    name: key,
                    stays: stays.unwrap_or(Duration::ZERO),
                    order,
                };
                self.call(&lifetime).await
            }
            Remedy::Shares { waited } => {
                let waited = waited.as_deref().unwrap_or_default();
                self.call(&RepairShares { waited, order }).await
            }
            Remedy::Delivery { delivery } => self.call(&RepairDelivery { delivery, order }).await,
        }
    }
}

/// What the script calls it, and from how many failures on `failing` has an endpoint.
const fn word(aspect: Aspect) -> (&'static str, u64) {
    match aspect {
        Aspect::Lane => ("lane", 0),
        Aspect::Turn => ("turn", 0),
        Aspect::Timer => ("timer", 0),
        Aspect::Parked => ("parked", 0),
        Aspect::Route => ("route", 0),
        Aspect::Failing(from) => ("failing", from.unsigned_abs()),
    }
}
