//! A worker's slots, shared by the fetchers of its shards. One that is alone busy may take nearly all of them; while several are, none
//! may take more than an equal part, so that neither a flood nor endpoints that hang reach beyond their own shard.
//!
//! What a shard holds beyond its part is not taken back: others get it as attempts end. So that a shard with little to do needn't wait for
//! that, a few slots are left to those that hold less than an equal part.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// The part of the slots, and of the bytes, that is left to shards which hold little.
const SPARE_PART: u64 = 16;

/// The part of an equal share of the slots that is kept for a shard that stands by, and the most that are.
const KEPT_PART: u64 = 8;
const MOST_KEPT: u64 = 4;

/// How much this worker may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    /// Leases.
    pub(crate) slots: u32,
    /// Bytes of payloads.
    pub(crate) bytes: u64,
}

/// The slots of all shards.
#[derive(Debug)]
pub(crate) struct Pool {
    capacity: Capacity,
    members: Mutex<Vec<Use>>,
    /// For each member: it lacked room, and now there may be some.
    freed: Vec<Notify>,
}

/// The place of one shard in the pool.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pool: Arc<Pool>,
    number: usize,
}

/// What a shard uses.
#[derive(Debug, Clone, Default)]
struct Use {
    held: u64,
    slow: u64,
    bytes: u64,
    /// How many it may get by the call that it makes.
    asked: u64,
    /// Whether it may have something to fetch.
    wants: bool,
    /// Whether it had no room when it last looked.
    is_short: bool,
}

/// What a shard may hold at most, for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) slots: u32,
    /// Those of them that slow endpoints may take.
    pub(crate) slow: u32,
    pub(crate) bytes: u64,
    /// How many leases the other shards hold.
    pub(crate) elsewhere: u32,
    /// How many slots are kept for a shard that stands by.
    pub(crate) kept: u32,
}

impl Share {
    /// What a shard has that is alone.
    pub(super) fn whole(capacity: Capacity) -> Self {
        Self {
            slots: capacity.slots,
            slow: (capacity.slots / 2).max(1),
            bytes: capacity.bytes,
            elsewhere: 0,
            kept: narrow(MOST_KEPT),
        }
    }
}

impl Pool {
    /// A place for each of so many shards.
    pub(crate) fn shared_by(shards: usize, capacity: Capacity) -> Vec<Member> {
        let pool = Arc::new(Self {
            capacity,
            members: Mutex::new(vec![Use::default(); shards]),
            freed: (0..shards).map(|_| Notify::new()).collect(),
        });
        let member = |number| Member {
            pool: Arc::clone(&pool),
            number,
        };
        (0..shards).map(member).collect()
    }

    fn members(&self) -> MutexGuard<'_, Vec<Use>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those that lacked room.
    fn wake(&self, members: &mut [Use], but: usize) {
        for (number, member) in members.iter_mut().enumerate() {
            if number != but && std::mem::take(&mut member.is_short) {
                self.freed[number].notify_one();
            }
        }
    }
}

impl Member {
    /// Notes what the shard holds: `slow` of the slots by slow endpoints, and whether it may have something to fetch. Returns what it may
    /// hold; nothing if no other shard is there.
    pub(super) fn share(&self, held: usize, slow: u32, bytes: u64, wants: bool) -> Option<Share> {
        if self.is_alone() {
            return None;
        }
        let mut members = self.pool.members();
        let stopped_wanting = members[self.number].wants && !wants;
        let own = &mut members[self.number];
        (own.held, own.slow, own.bytes, own.wants) = (held as u64, slow.into(), bytes, wants);
        let (slots, shards) = (u64::from(self.pool.capacity.slots), members.len() as u64);
        let most = |limit, used: fn(&Use) -> u64| ceiling(limit, &members, self.number, used);
        let share = Share {
            slots: narrow(most(slots, |member| member.held + member.asked)),
            // An equal part of them at least, however many are slow elsewhere: whether there is a slot at all is another question.
            slow: narrow(most((slots / 2).max(1), |member| member.slow).max((slots / 2 / shards).max(1))),
            bytes: most(self.pool.capacity.bytes, |member| member.bytes),
            kept: narrow((slots / shards / KEPT_PART).min(MOST_KEPT)),
            elsewhere: narrow(members.iter().map(|member| member.held).sum::<u64>() - held as u64),
        };
        let own = &mut members[self.number];
        own.is_short = u64::from(share.slots) <= own.held || share.bytes <= bytes;
        if stopped_wanting {
            self.pool.wake(&mut members, self.number);
        }
        Some(share)
    }

    fn is_alone(&self) -> bool {
        self.pool.freed.len() == 1
    }

    /// Notes that the shard doesn't answer: until it does, nothing is kept free for it. Its call may have been executed, so it may get
    /// more than there is room for once, as much as one call brings.
    pub(super) fn is_away(&self) {
        if self.is_alone() {
            return;
        }
        let mut members = self.pool.members();
        (members[self.number].asked, members[self.number].wants) = (0, false);
        self.pool.wake(&mut members, self.number);
    }

    /// Notes how many the shard may get by the call that it begins, or once it has ended, while it stands by.
    pub(super) fn asks_for(&self, deliveries: u32) {
        if self.is_alone() {
            return;
        }
        let mut members = self.pool.members();
        let asked = std::mem::replace(&mut members[self.number].asked, deliveries.into());
        if u64::from(deliveries) < asked {
            self.pool.wake(&mut members, self.number);
        }
    }

    /// Notes what the shard holds, of which something may have gone.
    pub(super) fn holds(&self, held: usize, bytes: u64) {
        if self.is_alone() {
            return;
        }
        let mut members = self.pool.members();
        let own = &mut members[self.number];
        let has_less = own.held > held as u64;
        (own.held, own.bytes) = (held as u64, bytes);
        if has_less {
            self.pool.wake(&mut members, self.number);
        }
    }

    /// Waits until there may be room that was lacking.
    pub(super) fn freed(&self) -> Notified<'_> {
        self.pool.freed[self.number].notified()
    }
}

/// How much of `limit` a shard may hold: what the others leave. Those that want more are left an equal part at least; and nobody takes the
/// spare beyond an equal part of all shards.
fn ceiling(limit: u64, members: &[Use], own: usize, used: fn(&Use) -> u64) -> u64 {
    let others = || members.iter().enumerate().filter(|(number, _)| *number != own);
    let wanting = 1 + others().filter(|(_, other)| other.wants).count() as u64;
    let part = (limit / wanting).max(1);
    let taken: u64 = others()
        .map(|(_, other)| used(other).max(if other.wants { part } else { 0 }))
        .sum();
    let left = limit.saturating_sub(taken);
    let equal = limit / members.len() as u64;
    left.min(left.saturating_sub(limit / SPARE_PART).max(equal))
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
