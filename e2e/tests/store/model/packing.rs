//! Packing in the model: a block is made of what was read, and written later, or never, or twice, while anything else happens in between.
//! What is found of the past is asked for through the door, wherever it lies.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use ::history::{unpack_events, unpack_log};
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EventId};
use store::check::Snapshot;
use store::history::{NewBlock, Series, Written};

use super::Model;
use crate::fixture::account;

/// The newest entries of a log, which stay in it.
const LOG_KEPT: usize = 2;

/// What has been finished for so long may be packed.
const OLD_ENOUGH: Duration = Duration::from_secs(12);

/// What the model knows of history.
#[derive(Default)]
pub(super) struct Packing {
    /// Made and not written yet.
    made: Vec<NewBlock>,
    /// The events, or the deliveries of the attempts, in each block that was there when the model last looked.
    events: BTreeMap<String, Vec<EventId>>,
    attempts: BTreeMap<String, Vec<DeliveryId>>,
    /// Deliveries of which an attempt went with its block.
    forgotten: HashSet<DeliveryId>,
}

impl Packing {
    /// Whether a listing may leave out a delivery, since attempts of it went.
    pub(super) fn has_forgotten(&self, delivery: &DeliveryId) -> bool {
        self.forgotten.contains(delivery)
    }

    pub(super) fn has_event(&self, event: &EventId) -> bool {
        self.events.values().any(|events| events.contains(event))
    }
}

impl Model {
    /// Makes a block of one of the series, whatever there is of it.
    pub(super) async fn make_block(&mut self, series: usize) {
        let mut all = ["delivered", "exhausted"]
            .map(|class| Series::Events {
                account: account(),
                class: class.parse().unwrap(),
            })
            .to_vec();
        all.extend(self.endpoints.iter().map(|endpoint| Series::Log {
            endpoint: endpoint.id.clone(),
            account: account(),
        }));
        let store = &self.fixture.store;
        let read = store
            .read_whatever_is_unpacked(&all[series % all.len()], LOG_KEPT)
            .await;
        if let Some(unpacked) = read.unwrap() {
            self.packing.made.push(unpacked.pack().unwrap());
        }
    }

    /// Writes the oldest of the blocks that were made, or the newest; its answer may be lost, so that it is written again.
    pub(super) async fn write_block(&mut self, newest: bool, twice: bool) {
        let block = match newest {
            true => self.packing.made.pop(),
            false => (!self.packing.made.is_empty()).then(|| self.packing.made.remove(0)),
        };
        let Some(block) = block else { return };
        let written = self.fixture.store.write_block(&block).await.unwrap();
        assert_ne!(written, Written::Older);
        if twice {
            assert_eq!(self.fixture.store.write_block(&block).await.unwrap(), written);
        }
        self.meet_blocks().await;
    }

    /// All that is finished is packed, and found as before.
    pub(super) async fn pack_everything(&mut self) {
        self.pass(OLD_ENOUGH).await;
        for series in 0..2 + self.endpoints.len() {
            self.make_block(series).await;
            self.write_block(true, false).await;
        }
        self.compare().await;
        self.find_everything().await;
    }

    /// Reads the blocks that are new.
    async fn meet_blocks(&mut self) {
        for key in self.fixture.keys().await {
            let Some(block) = key.strip_prefix("block:") else {
                continue;
            };
            if self.packing.events.contains_key(block) || self.packing.attempts.contains_key(block) {
                continue;
            }
            let bytes: Vec<u8> = self
                .fixture
                .command(redis::cmd("GET").arg(format!("wh:{{0}}:{key}")))
                .await;
            if let Ok(content) = unpack_events(&bytes) {
                let events = content.events.into_iter().map(|event| event.id).collect();
                self.packing.events.insert(block.to_owned(), events);
            } else {
                let entries = unpack_log(&bytes).unwrap().entries.into_iter();
                let attempts = entries.filter_map(|entry| {
                    let mut fields: HashMap<String, String> = entry.fields.into_iter().collect();
                    store::log::unpack(&mut fields);
                    fields.remove("delivery")?.parse().ok()
                });
                self.packing.attempts.insert(block.to_owned(), attempts.collect());
            }
        }
    }

    /// Blocks that had something erased were written anew, under other names: nothing else went with the old ones.
    pub(super) async fn meet_rewritten_blocks(&mut self) {
        self.meet_blocks().await;
        let after = self.snapshot().await;
        let is_there = |block: &str| after.history.blocks.contains_key(block);
        self.packing.events.retain(|block, _| is_there(block));
        self.packing.attempts.retain(|block, _| is_there(block));
    }

    /// Follows what upkeep dropped. Returns how many events were in those blocks.
    pub(super) fn drop_blocks(&mut self, after: &Snapshot) -> u64 {
        let is_there = |block: &str| after.history.blocks.contains_key(block);
        let mut gone = Vec::new();
        self.packing.events.retain(|block, events| {
            let stays = is_there(block);
            if !stays {
                gone.append(events);
            }
            stays
        });
        let forgotten = &mut self.packing.forgotten;
        self.packing.attempts.retain(|block, attempts| {
            let stays = is_there(block);
            if !stays {
                forgotten.extend(attempts.drain(..));
            }
            stays
        });
        for event in &gone {
            let beside = after.events.get(&event.as_str().parse().unwrap());
            let is_beside = beside.is_some_and(|event| event.bytes > 0);
            if !is_beside && !self.packing.has_event(event) {
                self.gone.insert(event.clone());
            }
        }
        gone.len() as u64
    }

    /// Every payload that was not let go of is found, and every attempt, with one call each.
    pub(super) async fn find_everything(&self) {
        let store = &self.fixture.store;
        for (id, delivery) in &self.deliveries {
            if !self.exists(&id.endpoint()) {
                continue;
            }
            let body = store.event_body(&account(), &id.event()).await.unwrap();
            assert_eq!(body.is_none(), self.gone.contains(&id.event()), "{id}");
            let is_kept = delivery.is_logged() && !self.packing.has_forgotten(id);
            if is_kept && delivery.state != DeliveryState::Canceled {
                let found = store.get_delivery(&account(), &id.endpoint(), id).await;
                let found = found.unwrap().unwrap();
                let found = found.unwrap_or_else(|| panic!("{id} is not found"));
                assert!(!found.attempts.is_empty(), "{id} has no attempts");
                assert_eq!(found.payload.is_none(), body.is_none(), "{id}");
            }
        }
    }
}
