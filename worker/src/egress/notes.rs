//! What workers tell each other of their way out lies in the store, in each shard. All are asked at once: one that fails, or takes long to,
//! keeps nothing from the others.

use std::time::Duration;

use futures_util::future::join_all;
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
        let noted = self.stores().map(|store| store.note_destinations(destinations));
        join_all(noted).await.into_iter().collect()
    }

    /// Who answered any worker lately, and how long ago.
    pub(super) async fn destinations(&self) -> Result<Vec<(String, Duration)>, StoreError> {
        let (mut all, mut failed) = (Vec::new(), None);
        for answer in join_all(self.stores().map(Store::destinations)).await {
            match answer {
                Ok(destinations) => all.extend(destinations),
                Err(error) => failed = Some(error),
            }
        }
        failed.filter(|_| all.is_empty()).map_or(Ok(all), Err)
    }

    /// Notes for how long there is an outage.
    pub(super) async fn note_outage(&self, worker: &Incarnation, lasts: Duration) -> Result<(), StoreError> {
        let noted = self.stores().map(|store| store.note_outage(worker, lasts));
        join_all(noted).await.into_iter().collect()
    }

    /// Takes strikes back: each shard those that it has. A call that is repeated takes nothing back twice.
    pub(super) async fn take_strikes_back(
        &self,
        operation: &str,
        disable_after: u32,
        struck: &[Struck],
    ) -> Result<TakenBack, StoreError> {
        let each = self.0.iter().map(|shard| &shard.store);
        let each = each.map(|store| store.take_strikes_back(operation, disable_after, struck));
        let (mut taken, mut failed) = (TakenBack::default(), None);
        for answer in join_all(each).await {
            match answer {
                Ok(part) => {
                    taken.strikes += part.strikes;
                    taken.endpoints += part.endpoints;
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(taken), Err)
    }
}
