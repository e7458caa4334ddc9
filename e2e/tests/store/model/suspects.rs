//! Who is to blame for a lost lease, as the model sees it.

use std::collections::{HashMap, HashSet};

use domain::delivery::DeliveryState;
use domain::id::DeliveryId;
use store::queue::{Incarnation, WorkReply};

use super::Model;

/// How many suspects a worker of the model may hold.
pub(super) const MOST_SUSPECTS: u32 = 3;

/// What is known of leases and their loss.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// The call that leased a delivery last.
    holders: HashMap<DeliveryId, Call>,
    /// What each worker holds, dead ones as well, and which call leased it.
    held: HashMap<String, HashMap<DeliveryId, u64>>,
    losses: HashMap<DeliveryId, u32>,
    singly: HashSet<DeliveryId>,
}

/// A worker's call, by its number.
type Call = (String, u64);

fn name(incarnation: &Incarnation) -> String {
    format!("{incarnation:?}")
}

impl Suspects {
    /// A call was answered with these leases.
    pub(super) fn leased(&mut self, incarnation: &Incarnation, sequence: u64, reply: &WorkReply) {
        let worker = name(incarnation);
        for leased in &reply.leased {
            let id = &leased.delivery;
            let is_suspect = self.losses.get(id).is_some_and(|losses| *losses >= 3);
            assert_eq!(
                reply.suspects.contains(id),
                is_suspect,
                "{id} has lost {:?} leases",
                self.losses.get(id)
            );
            self.holders.insert(id.clone(), (worker.clone(), sequence));
            if is_suspect {
                let held = self.held.entry(worker.clone()).or_default();
                held.insert(id.clone(), sequence);
                assert!(held.len() <= MOST_SUSPECTS as usize, "{held:?}");
                let has_single = held.keys().any(|id| self.singly.contains(id));
                assert!(
                    !has_single || held.len() == 1,
                    "one of {held:?} is to be served singly"
                );
            }
        }
    }

    /// Whether a delivery is to be served as a suspect.
    pub(super) fn is_suspect(&self, id: &DeliveryId) -> bool {
        self.losses.get(id).is_some_and(|losses| *losses >= 3)
    }

    /// The worker is done with what it leased in a call. Returns whether that was a suspect.
    pub(super) fn done(&mut self, incarnation: &Incarnation, sequence: u64, id: &DeliveryId) -> bool {
        let held = self.held.entry(name(incarnation)).or_default();
        held.get(id) == Some(&sequence) && held.remove(id).is_some()
    }

    /// Its attempt failed, and its worker lived.
    pub(super) fn acquit(&mut self, id: &DeliveryId) {
        self.losses.insert(id.clone(), 2);
        self.singly.remove(id);
    }

    /// A loss that is its own.
    pub(super) fn blame(&mut self, id: &DeliveryId) {
        let losses = self.losses.entry(id.clone()).or_default();
        *losses += 1;
        if *losses > 3 {
            self.singly.insert(id.clone());
        }
    }

    /// Its lease expired.
    pub(super) fn expired(&mut self, id: &DeliveryId) {
        let (worker, _) = self.holders[id].clone();
        let held = self.held.entry(worker).or_default();
        match (held.len(), held.contains_key(id)) {
            (0, _) | (1, true) => self.blame(id),
            (_, true) => {
                self.singly.insert(id.clone());
            }
            (_, false) => {}
        }
    }
}

impl Model {
    /// The records have the losses of what waits, and no suspect waits as an ordinary delivery.
    pub(super) async fn compare_suspects(&self) {
        for (id, delivery) in &self.deliveries {
            if delivery.state == DeliveryState::InFlight || delivery.state.is_final() {
                continue;
            }
            let losses = self.suspects.losses.get(id).copied().unwrap_or(0);
            let record = self.fixture.hash(&format!("delivery:{id}")).await;
            let recorded = record.get("lostLeases").map_or("0", String::as_str);
            assert_eq!(recorded, losses.to_string(), "{id} {record:?}");
            assert!(losses < 3 || record["state"] != "retrying", "{id} {record:?}");
        }
        for endpoint in &self.endpoints {
            for entry in self.fixture.list(&format!("pending:{}", endpoint.id)).await {
                let (id, attempts) = entry.split_once(':').unwrap_or((&entry, ""));
                let losses = self.suspects.losses.get(&id.parse::<DeliveryId>().unwrap());
                assert_eq!(
                    attempts.starts_with('0'),
                    losses.is_some_and(|losses| *losses >= 3),
                    "{entry} has lost {losses:?} leases"
                );
            }
        }
    }
}
