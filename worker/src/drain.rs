//! Whether an operator wants this worker to take nothing new (`webhooksctl drain`). Each shard that the worker serves may say so; while one
//! does, it takes deliveries and test events from none. What is in flight is finished, and what nobody waits for (upkeep, packing) goes on.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;

/// Which shards say so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drain(Arc<watch::Sender<BTreeSet<u16>>>);

impl Drain {
    /// Notes what an operator wants, as a shard has it.
    pub(crate) fn set(&self, shard: u16, is_wanted: bool) {
        let before = self.is_on();
        self.0.send_if_modified(|shards| {
            if is_wanted {
                shards.insert(shard)
            } else {
                shards.remove(&shard)
            }
        });
        match (before, self.is_on()) {
            (false, true) => {
                tracing::info!("an operator wants this worker to take nothing new; it finishes what it has");
            }
            (true, false) => tracing::info!("this worker takes deliveries again"),
            _ => {}
        }
    }

    /// Whether the worker takes nothing new.
    pub(crate) fn is_on(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// Waits until the worker takes nothing new, or takes something again.
    pub(crate) async fn becomes(&self, on: bool) {
        let mut changes = self.0.subscribe();
        // The sender is here, so there is no error.
        changes.wait_for(|shards| shards.is_empty() != on).await.ok();
    }
}

#[cfg(test)]
mod tests;
