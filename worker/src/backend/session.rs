//! What the fetcher remembers from call to call.

use std::time::Instant;

use store::queue::Incarnation;

use super::plan::Planner;
use super::pool::Capacity;
use super::slots::View;
use super::trickle::Trickle;
use super::waiting::Waiting;
use super::want::Want;

/// What it remembers from call to call.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) incarnation: Incarnation,
    pub(super) sequence: u64,
    /// How many leases this worker may hold.
    slots: u32,
    pub(super) planner: Planner,
    pub(super) waiting: Waiting,
    pub(super) trickle: Trickle,
    /// How many reports the call under way carries.
    pub(super) calling: usize,
    /// Whether it may be handed deliveries, as the last call was answered; and whether some may be on their way.
    pub(super) stands_by: bool,
    pub(super) may_be_handed: bool,
    /// After which call the last one was handed that a call has told of.
    pub(super) told: u64,
}

impl Session {
    /// A worker's that has just begun.
    pub(super) fn new(incarnation: Incarnation, capacity: Capacity) -> Self {
        Self {
            incarnation,
            sequence: 0,
            slots: capacity.slots,
            planner: Planner::new(capacity, Instant::now()),
            waiting: Waiting::default(),
            trickle: Trickle::default(),
            calling: 0,
            stands_by: false,
            may_be_handed: false,
            told: 0,
        }
    }

    /// How many of the failures that wait are due. They still hold their slots.
    pub(super) fn due(&self, now: Instant, view: &mut View, stopping: bool) -> usize {
        let failures = self.waiting.failures();
        view.held = view
            .held
            .saturating_add(u32::try_from(failures).unwrap_or(u32::MAX));
        if stopping {
            failures
        } else {
            self.trickle.due(now, failures, view.held, self.slots)
        }
    }

    /// When failures that rest are due.
    pub(super) fn rest_ends(&self, due: usize) -> Option<Instant> {
        let rest = self.waiting.failures() > 0 && due == 0;
        self.trickle.rests_until().filter(|_| rest)
    }

    /// What to ask for: little, while others wait for calls that carry failures.
    pub(super) fn short(&self, want: Want, now: Instant) -> Want {
        if self.waiting.failures() > 0 && self.trickle.serves_others(now) {
            want.few()
        } else {
            want
        }
    }
}
