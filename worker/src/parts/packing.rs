//! What packing history is given.

use std::sync::Arc;

use super::Parts;
use crate::backend::slots::Slots;
use crate::gauge::Gauge;
use crate::packing::Packing;

impl Parts<'_> {
    /// Packs history.
    pub(super) fn packing(&self, slots: &Arc<Slots>) -> impl Future<Output = ()> + Send + use<> {
        let budget = self.config.memory.store_budget_bytes.map(|size| size.0);
        let packing = Packing {
            store: self.store.clone(),
            gauge: Gauge::new(self.store.clone(), budget),
            slots: Arc::clone(slots),
            capacity: self.config.concurrency.worker_concurrency,
            clock: self.clock.clone(),
            metrics: self.metrics.history.clone(),
            stop: self.stop.clone(),
            outage: self.outage("packing", false),
        };
        packing.run()
    }
}
