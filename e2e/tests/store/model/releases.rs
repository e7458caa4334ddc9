//! What upkeep lets go of, in the model.

use std::collections::HashSet;

use domain::id::EventId;
use store::check::{EventKey, Snapshot};
use store::queue::UpkeepReply;

use super::Model;

const CLASSES: [&str; 2] = ["delivered", "exhausted"];

/// The finished events of a class that have their payload, oldest first. (The model has one account.)
fn kept(snapshot: &Snapshot, class: &str) -> Vec<EventKey> {
    let lists = snapshot.finished.lists.iter();
    lists
        .filter(|((_, name), _)| name == class)
        .flat_map(|(_, list)| {
            list.iter().filter(|entry| {
                let event = snapshot.events.get(&entry.event);
                event.is_some_and(|event| entry.is_current(class, event))
            })
        })
        .map(|entry| entry.event)
        .collect()
}

impl Model {
    /// Of each class the oldest went, none that is unfinished; exhausted ones early only when no other was left.
    pub(super) fn released(&mut self, before: &Snapshot, after: &Snapshot, reply: &UpkeepReply, room: u64) {
        let has_payload = |event: &EventKey| after.events.get(event).is_some_and(|event| event.bytes > 0);
        let mut went = self.drop_blocks(after);
        let mut lost_now: HashSet<EventKey> = HashSet::new();
        for class in CLASSES {
            let (had, has) = (kept(before, class), kept(after, class));
            let gone: Vec<_> = had.iter().take_while(|event| !has_payload(event)).collect();
            let rest = &had[gone.len()..];
            assert!(rest.iter().all(&has_payload), "the oldest {class} ones go first");
            if class == "exhausted" && !gone.is_empty() {
                let delivered = kept(before, "delivered");
                assert!(!delivered.iter().any(&has_payload), "{delivered:?}");
            }
            // What is left and was not sent again by this step comes first in what there is now.
            let stays: Vec<_> = rest.iter().filter(|event| has.contains(*event)).collect();
            assert!(has.iter().take(stays.len()).eq(stays), "{had:?} {has:?}");
            went += gone.len() as u64;
            lost_now.extend(gone);
        }
        for event in &lost_now {
            let event: EventId = event.to_string().parse().unwrap();
            // Sent again after it was packed, it may still be in its block.
            if !self.packing.has_event(&event) {
                self.gone.insert(event);
            }
        }
        for (id, event) in &before.events {
            if self.erased.contains(&id.to_string().parse().unwrap()) {
                continue; // its payload is counted until it has ended, and was gone before
            }
            let lost = event.bytes > 0 && !has_payload(id);
            assert_eq!(lost, event.bytes > 0 && lost_now.contains(id), "{id}");
        }
        assert_eq!(went, reply.aged.payloads + reply.early.payloads);
        if room == 0 {
            assert_eq!(reply.early.payloads, 0, "nobody asked for room");
        }
        let had = CLASSES.iter().flat_map(|class| kept(before, class));
        if had.into_iter().any(|event| has_payload(&event)) {
            assert!(reply.aged.bytes + reply.early.bytes >= room, "{room} of room");
        }
    }
}
