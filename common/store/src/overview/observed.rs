//! The part of an overview that is read again and again, for the metrics: by one worker, whoever was first.

use std::time::Duration;

use super::{Detail, MOST, Overview};
use crate::queue::Incarnation;
use crate::scripts::script;
use crate::{Store, StoreError};

script! {
    /// Who reads the shard for the metrics.
    "observer_take": AllowOom, Writes, needs [BASE];
    struct ObserverTake<'a> { observer: &'a Incarnation, lease: Duration } -> bool
}

impl Store {
    /// Whether this worker reads the shard for the metrics; nobody else does for as long as `lease` then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn is_observed_by(&self, observer: &Incarnation, lease: Duration) -> Result<bool, StoreError> {
        self.call(&ObserverTake { observer, lease }).await
    }

    /// Looks at what is unfinished: an overview without accounts, without bytes, and without endpoints that have nothing to do. The rights of
    /// `worker` suffice.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn observe(&self) -> Result<Overview, StoreError> {
        let mut overview = self.look_at_queues().await?;
        let busy = self.endpoints_with_work().await?;
        overview.is_cut = busy.len() >= MOST;
        let busy = busy.into_iter().take(MOST).collect();
        overview.endpoints = self.endpoint_loads(busy, overview.now, Detail::Work).await?;
        Ok(overview)
    }
}
