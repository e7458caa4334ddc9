//! What a call asks for.

use store::queue::MAX_FETCH;

use super::pool::Share;
use super::slots::View;
use crate::fitness::Allowance;

/// So few are fetched with each call while reports wait that it can't carry.
const FEW: u32 = 8;

/// A worker with at least this many slots tells the queue how many are free, which limits endpoints and accounts; one with fewer needs
/// them all.
const SPARES_FROM: u32 = 128;

/// The most suspects that a worker holds, and the part of its slots that they may take. If one of them crashes the
/// worker, those in flight are served one by one, so holding more would not finish them sooner (see *Quarantine* in
/// docs/ARCHITECTURE.md).
const MOST_SUSPECTS: u32 = 16;
const SUSPECTS_PART: u32 = 4;

/// What to ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) deliveries: u32,
    pub(crate) slow: u32,
    /// Slots that are free, as far as endpoints and accounts are limited by them.
    pub(crate) free: u32,
    /// Those of them that slow endpoints may take.
    pub(crate) free_slow: u32,
    pub(crate) bytes: u64,
    /// Suspects that may be held, those that are held already included.
    pub(crate) suspects: u32,
    /// If it gets fewer than this, there is still room for much more: then it may be handed something while it waits.
    pub(crate) standby_room: u32,
    /// How many at most.
    pub(crate) standby_most: u32,
}

impl Want {
    /// Nothing: the call carries reports.
    pub(super) const NOTHING: Self = Self {
        deliveries: 0,
        slow: 0,
        free: 0,
        free_slow: 0,
        bytes: 0,
        suspects: 0,
        standby_room: 0,
        standby_most: 0,
    };

    /// Nothing; but if any endpoint has its turn, slow ones included, another worker is woken for it.
    pub(super) const FOR_OTHERS: Self = Self {
        slow: 1,
        ..Self::NOTHING
    };

    /// What a worker with so many `slots` has room for in its shard, which may hold its `share`.
    pub(super) fn fitting(view: &View, share: Share, slots: u32, allowance: Option<Allowance>) -> Self {
        let bytes = share.bytes.saturating_sub(view.bytes);
        // A payload that is larger than the budget still has to be delivered, when nothing else is held.
        if bytes == 0 && view.held > 0 {
            return Self::default();
        }
        let free = share.slots.saturating_sub(view.held);
        let slow = share.slow.saturating_sub(view.held_slow);
        let deliveries = free.min(u32::try_from(MAX_FETCH).unwrap_or(u32::MAX));
        let spares = slots >= SPARES_FROM;
        let (deliveries, suspects) = match allowance {
            None => (deliveries, MOST_SUSPECTS.min((slots / SUSPECTS_PART).max(1))),
            Some(allowance) => {
                let held = view.held.saturating_add(share.elsewhere);
                (deliveries.min(allowance.most.saturating_sub(held)), 1)
            }
        };
        Self {
            deliveries,
            slow: slow.min(deliveries),
            free: if spares { free } else { u32::MAX },
            free_slow: if spares { slow } else { u32::MAX },
            bytes,
            suspects,
            standby_room: if allowance.is_none() && bytes > share.bytes / 2 {
                free.saturating_sub(share.slots / 2)
            } else {
                0
            },
            standby_most: share.kept,
        }
    }

    /// As much as may be fetched while reports pile up.
    pub(super) fn few(self) -> Self {
        Self {
            deliveries: self.deliveries.min(FEW),
            slow: self.slow.min(FEW),
            ..self
        }
    }
}
