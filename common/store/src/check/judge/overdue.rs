//! What should have happened by now. Time is what the last script saw, so a system that stands still is late with nothing; and
//! only while workers have run without a gap is anybody to blame.

use super::super::snapshot::Snapshot;
use super::{Facts, Found};

/// Upkeep runs every two seconds; after a longer gap than this it holds back (`upkeep.lua`).
const GAP_MS: i64 = 10_000;

/// How long it holds back then.
const HOLD_MS: i64 = 20_000;

/// Leases are taken back a hundred at a time, every two seconds at least.
const LEASE_GRACE_MS: i64 = 60_000;

/// Thousands may be due in one instant; each call of a worker moves 64.
const RETRY_GRACE_MS: i64 = 15 * 60_000;

/// Each step of upkeep serves two of all that are due.
const REPLAY_GRACE_MS: i64 = 60 * 60_000;

/// Since when (ms) workers have run without a gap; `None` when none does.
fn running_since(snapshot: &Snapshot) -> Option<i64> {
    let stats = &snapshot.stats;
    let is_running = stats.now() - stats.number("reapedAt") <= GAP_MS;
    is_running.then(|| stats.number("reapHold") - HOLD_MS)
}

/// Leases end, retries come, and replays go on.
pub(super) fn overdue(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let now = snapshot.stats.now();
    longest_leases(snapshot, found);
    let Some(since) = running_since(snapshot) else {
        return;
    };
    let is_late = |due: f64, grace: i64| {
        #[expect(clippy::cast_possible_truncation, reason = "a time far beyond is one, too")]
        let due = due as i64;
        due.max(since).saturating_add(grace) < now
    };
    for (delivery, ends) in &snapshot.leases {
        found.that(
            is_late(*ends, HOLD_MS + LEASE_GRACE_MS),
            || format!("delivery:{delivery}"),
            || format!("its lease ended at {ends}, workers run, and none took it back"),
        );
    }
    for (endpoint, due) in &snapshot.timers {
        found.that(
            is_late(*due, RETRY_GRACE_MS),
            || format!("endpoint:{endpoint}"),
            || format!("a retry was due at {due}, workers run, and none took it"),
        );
    }
    for (replay, due) in &snapshot.replaying {
        found.that(
            is_late(*due, REPLAY_GRACE_MS),
            || format!("replay:{replay}"),
            || format!("its next step was due at {due}, workers run, and none made it"),
        );
    }
}

/// A lease lasts twice as long as an attempt may take, and 20 s at least. Workers that still run with another `DELIVERY_TIMEOUT`
/// may have longer ones.
fn longest_leases(snapshot: &Snapshot, found: &mut Found) {
    const LONGEST_TIMEOUT_MS: i64 = 10 * 60_000;
    let latest = snapshot.stats.now() + 2 * LONGEST_TIMEOUT_MS;
    for (delivery, ends) in &snapshot.leases {
        #[expect(clippy::cast_possible_truncation, reason = "a time far beyond is one, too")]
        let is_endless = *ends as i64 > latest;
        found.that(
            is_endless,
            || format!("delivery:{delivery}"),
            || format!("its lease ends at {ends}, later than any may"),
        );
    }
}
