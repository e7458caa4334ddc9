//! The slots that are taken, and whose endpoints are slow. What is asked before each call is counted as it changes, however many slots
//! are held.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use domain::id::EndpointId;

/// An endpoint with an attempt open for longer than this is slow.
const SLOW_AFTER: Duration = Duration::from_secs(1);

/// The most slow endpoints that a call of `work` names to the queue: each costs the script some commands.
const MAX_NAMES: usize = 8;

/// How soon a name is repeated while its endpoint is still slow: a quick attempt of another worker may have cleared the
/// mark.
const REPEAT_AFTER: Duration = Duration::from_secs(2);

/// The slots that are taken. A later ticket was handed out later.
#[derive(Debug, Default)]
pub(super) struct Taken {
    next_ticket: u64,
    slots: BTreeMap<u64, Slot>,
    endpoints: HashMap<EndpointId, TakenByEndpoint>,
    bytes: u64,
    /// How many slots the slow endpoints have.
    held_slow: u32,
    /// Those with a ticket before this one have been open for longer than [`SLOW_AFTER`].
    first_in_time: u64,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) endpoint: EndpointId,
    pub(super) since: Instant,
    pub(super) bytes: u64,
    pub(super) fetched_slow: bool,
}

#[derive(Debug, Default)]
struct TakenByEndpoint {
    slots: u32,
    fetched_slow: u32,
    /// How many have been open for longer than [`SLOW_AFTER`].
    overdue: u32,
    /// When the endpoint was last named to the queue, since it became overdue.
    named: Option<Instant>,
}

impl Taken {
    /// Takes a slot; returns its ticket.
    pub(super) fn take(&mut self, slot: Slot) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.bytes += slot.bytes;
        let held = self.endpoints.entry(slot.endpoint.clone()).or_default();
        change(held, &mut self.held_slow, |held| {
            held.slots += 1;
            held.fetched_slow += u32::from(slot.fetched_slow);
        });
        self.slots.insert(ticket, slot);
        ticket
    }

    /// Frees a slot; returns its bytes, or `None` if it isn't taken.
    pub(super) fn free(&mut self, ticket: u64) -> Option<u64> {
        let slot = self.slots.remove(&ticket)?;
        self.bytes -= slot.bytes;
        let is_overdue = ticket < self.first_in_time;
        if let Some(held) = self.endpoints.get_mut(&slot.endpoint) {
            change(held, &mut self.held_slow, |held| {
                held.slots -= 1;
                held.fetched_slow -= u32::from(slot.fetched_slow);
                held.overdue -= u32::from(is_overdue);
            });
            if held.slots == 0 {
                self.endpoints.remove(&slot.endpoint);
            } else if held.overdue == 0 {
                held.named = None;
            }
        }
        Some(slot.bytes)
    }

    /// Notes which have been open for too long `now`, which is never before what it was before.
    pub(super) fn pass(&mut self, now: Instant) {
        let is_overdue = |slot: &Slot| now.saturating_duration_since(slot.since) > SLOW_AFTER;
        let in_time = self.slots.range(self.first_in_time..);
        for (ticket, slot) in in_time.take_while(|(_, slot)| is_overdue(slot)) {
            self.first_in_time = ticket + 1;
            if let Some(held) = self.endpoints.get_mut(&slot.endpoint) {
                change(held, &mut self.held_slow, |held| held.overdue += 1);
            }
        }
    }

    /// Of the endpoints that are overdue, those that the next call names to the queue.
    pub(super) fn name_slow(&mut self, now: Instant) -> Vec<EndpointId> {
        if self.held_slow == 0 {
            return Vec::new();
        }
        let is_recent = |named: Instant| now.saturating_duration_since(named) < REPEAT_AFTER;
        let overdue = self.endpoints.iter_mut().filter(|(_, held)| held.overdue > 0);
        let due = overdue.filter(|(_, held)| !held.named.is_some_and(is_recent));
        let names = due.take(MAX_NAMES).map(|(endpoint, held)| {
            held.named = Some(now);
            endpoint.clone()
        });
        names.collect()
    }

    /// How many slots are taken.
    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of the payloads that they have.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many of them endpoints have that are slow: fetched as such, or overdue.
    pub(super) const fn held_slow(&self) -> u32 {
        self.held_slow
    }
}

/// Changes what an endpoint has, and with that how many slots slow endpoints have.
fn change(held: &mut TakenByEndpoint, held_slow: &mut u32, change: impl FnOnce(&mut TakenByEndpoint)) {
    let slow = |held: &TakenByEndpoint| {
        let is_slow = held.fetched_slow > 0 || held.overdue > 0;
        if is_slow { held.slots } else { 0 }
    };
    *held_slow -= slow(held);
    change(held);
    *held_slow += slow(held);
}

#[cfg(test)]
mod tests;
