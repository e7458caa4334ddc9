//! What should have happened by now. The time is that of the last script, so a system that stands still is late with nothing.
//! And it counts only while workers have run without a gap.

use super::super::snapshot::Snapshot;
use super::{Facts, Found};

/// Upkeep runs every two seconds. After a gap longer than this it leaves leases alone for a while (`upkeep.lua`).
const GAP_MS: i64 = 10_000;

/// How long it leaves them alone.
const HOLD_MS: i64 = 20_000;

/// Upkeep takes back a hundred leases at a time, every two seconds or more often.
const LEASE_GRACE_MS: i64 = 60_000;

/// Thousands of retries may be due in one instant, and each call of a worker moves 64.
const RETRY_GRACE_MS: i64 = 15 * 60_000;

/// Each step of upkeep serves two of the replays that are due.
const REPLAY_GRACE_MS: i64 = 60 * 60_000;

/// Since when (ms) workers have run without a gap; `None` when none does.
fn running_since(snapshot: &Snapshot) -> Option<i64> {
    let stats = &snapshot.stats;
    let is_running = stats.now() - stats.number("reapedAt") <= GAP_MS;
    is_running.then(|| stats.number("reapHold") - HOLD_MS)
}

/// Leases that expired are taken back, retries come when they are due, and replays go on.
pub(super) fn overdue(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let now = snapshot.stats.now();
    longest_leases(snapshot, found);
    let Some(since) = running_since(snapshot) else {
        return;
    };
    let is_late = |due: f64, grace: i64| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time beyond all others stays that"
        )]
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

/// A lease lasts twice as long as an attempt may take, and at least 20 s. `DELIVERY_TIMEOUT` differs between workers, but has an
/// upper limit.
fn longest_leases(snapshot: &Snapshot, found: &mut Found) {
    const LONGEST_TIMEOUT_MS: i64 = 10 * 60_000;
    let latest = snapshot.stats.now() + 2 * LONGEST_TIMEOUT_MS;
    for (delivery, ends) in &snapshot.leases {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time beyond all others stays that"
        )]
        let is_endless = *ends as i64 > latest;
        found.that(
            is_endless,
            || format!("delivery:{delivery}"),
            || format!("its lease ends at {ends}, later than any may"),
        );
    }
}
