//! What workers tell each other of their way out lies in the store, in each shard: one that fails keeps nothing from the others.

use std::time::Duration;

use store::egress::{Struck, TakenBack};
use store::queue::Incarnation;
use store::{Store, StoreError};

use crate::shards::WorkerShard;

/// All shards that have been reached.
#[derive(Debug)]
pub(crate) struct Notes(pub(crate) Vec<WorkerShard>);

impl Notes {
    fn stores(&self) -> impl Iterator<Item = &Store> {
        let reached = self.0.iter().filter(|shard| shard.reached.get().is_some());
        reached.map(|shard| &shard.store)
    }

    /// Notes who answered.
    pub(super) async fn note_destinations(&self, destinations: &[&str]) -> Result<(), StoreError> {
        let mut noted = Ok(());
        for store in self.stores() {
            noted = noted.and(store.note_destinations(destinations).await);
        }
        noted
    }

    /// Who answered any worker lately, and how long ago.
    pub(super) async fn destinations(&self) -> Result<Vec<(String, Duration)>, StoreError> {
        let (mut all, mut failed) = (Vec::new(), None);
        for store in self.stores() {
            match store.destinations().await {
                Ok(destinations) => all.extend(destinations),
                Err(error) => failed = Some(error),
            }
        }
        failed.filter(|_| all.is_empty()).map_or(Ok(all), Err)
    }

    /// Notes for how long there is an outage.
    pub(super) async fn note_outage(&self, worker: &Incarnation, lasts: Duration) -> Result<(), StoreError> {
        let mut noted = Ok(());
        for store in self.stores() {
            noted = noted.and(store.note_outage(worker, lasts).await);
        }
        noted
    }

    /// Takes strikes back: each shard those that it has. A call that is repeated takes nothing back twice.
    pub(super) async fn take_strikes_back(
        &self,
        operation: &str,
        disable_after: u32,
        struck: &[Struck],
    ) -> Result<TakenBack, StoreError> {
        let mut taken = TakenBack::default();
        let mut failed = Ok(());
        for shard in &self.0 {
            match shard
                .store
                .take_strikes_back(operation, disable_after, struck)
                .await
            {
                Ok(part) => {
                    taken.strikes += part.strikes;
                    taken.endpoints += part.endpoints;
                }
                Err(error) => failed = Err(error),
            }
        }
        failed.map(|()| taken)
    }
}
