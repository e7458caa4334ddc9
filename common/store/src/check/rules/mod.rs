//! The rules: what docs/ARCHITECTURE.md calls invariants and docs/guarantees.md promises. A new rule is a function and a row in
//! [`RULES`].

mod deliveries;

mod endpoints;

mod events;

mod finished;

mod found;

mod history;

mod indexes;

mod moved;

mod overdue;

mod parked;

mod replays;

mod shares;

mod tally;

use std::collections::HashMap;

use super::Violation;
use super::ids::{DeliveryKey, EndpointKey};
use super::moving::without_what_moves;
use super::snapshot::Snapshot;
use found::Found;
use tally::Tally;

/// A promise, and the function that finds where it is broken.
pub(super) struct Rule {
    /// The promise.
    pub(super) promise: &'static str,
    look: fn(&Facts<'_>, &mut Found),
    /// Of what it finds and names no remedy for: why it can't be repaired without guessing, and what to do.
    otherwise: &'static str,
}

const fn rule(promise: &'static str, look: fn(&Facts<'_>, &mut Found), otherwise: &'static str) -> Rule {
    Rule {
        promise,
        look,
        otherwise,
    }
}

/// All rules.
pub(super) const RULES: &[Rule] = &[
    rule(
        "each delivery waits, is in flight or has ended, in one place",
        deliveries::places,
        "nobody knows which place is the right one: where it is twice it is sent twice, and then ends; keep `show dlv_…` for the report",
    ),
    rule(
        "no delivery is lost: as many wait as were made and have not ended",
        deliveries::counted,
        "what is missing names no key: restore a backup if much is, and report it",
    ),
    rule(
        "what waits has its payload, and stays within its account",
        deliveries::payloads,
        "a payload that is gone can't be made again: `cancel dlv_…` ends what waits for it, and its backend pushes the event anew",
    ),
    rule(
        "records, and the log, say what the queues say",
        deliveries::records,
        "nobody knows which of both is right; what waits is sent, and its record then says what became of it",
    ),
    rule(
        "what ended as exhausted can be seen",
        deliveries::exhausted,
        "it was given up, and `replay dlv_…` sends it again",
    ),
    rule(
        "payloads and records live as long as they are needed, and no longer",
        events::lifetimes,
        "its state can't be read: `show` tells what is known of it",
    ),
    rule(
        "events count what waits of them",
        events::references,
        "too high, its payload stays: `events erase` ends that; too low, it may go before all have it",
    ),
    rule(
        "finished events are found by their age",
        finished::finished,
        "an entry that doesn't count, or is at the wrong place, goes when its list is let go of",
    ),
    rule(
        "each block of history is found by its index, and accounts count what theirs take",
        history::history,
        "what a block has may be the only copy: it stays; `history log` says what can be read",
    ),
    rule(
        "accounts are charged for what is unfinished",
        events::charges,
        "what an event is charged was written with it: it stays until the event has ended",
    ),
    rule(
        "endpoints count what is in flight and what waits",
        endpoints::counters,
        "its deliveries can't be counted",
    ),
    rule(
        "endpoints get what their account, state and subscriptions say",
        endpoints::routes,
        "only its owner, or you, know what it should be: write the endpoint anew (`PATCH /api/webhooks-config`)",
    ),
    rule(
        "every endpoint that has something to send has its turn",
        endpoints::lanes,
        "its turn can't be told",
    ),
    rule(
        "endpoints have as many in flight as they may, and only long streaks await the clock",
        endpoints::streaks,
        "it is set anew by its next attempts",
    ),
    rule(
        "upkeep knows every endpoint that isn't active",
        parked::known,
        "its state can't be read",
    ),
    rule(
        "nothing is parked for longer than RETENTION_FAILED and two hours",
        parked::too_long,
        "upkeep ends it: see why upkeep doesn't get on; `discard ep_…` ends all that waits there",
    ),
    rule(
        "leases and tokens agree",
        indexes::tokens,
        "a worker may have it: what has a lease comes back when that expires",
    ),
    rule(
        "accounts and destinations count what is in flight",
        shares::counted,
        "it can't be read",
    ),
    rule(
        "whoever waits for a place is known to wait",
        shares::waited_for,
        "it can't be read",
    ),
    rule(
        "of an account that has moved, nothing is left",
        moved::left,
        "nobody knows which shard has the truth: compare both with `show`, then report it",
    ),
    rule(
        "nothing belongs to an endpoint that is gone",
        indexes::owners,
        "it may be all that is left of an endpoint: look what it holds, then `UNLINK` it",
    ),
    rule(
        "what was set aside is worked through",
        indexes::sweeps,
        "nobody knows what was to become of it: look what it holds, and report it",
    ),
    rule(
        "every key is known, can be read and goes at its time",
        indexes::keys,
        "something else wrote it, or a newer release: find out who, then `UNLINK` it",
    ),
    rule(
        "replays of many run or have ended, and count right",
        replays::replays,
        "`cancel rpl_…` ends a replay that can't go on",
    ),
    rule(
        "of replays of many that ended an endpoint keeps the last 20",
        replays::ended,
        "the next replay that ends makes the list short",
    ),
    rule(
        "leases, retries and replays that are due don't wait, while a worker runs",
        overdue::overdue,
        "workers do it: see in their logs why they don't",
    ),
];

/// Everything in a snapshot that breaks a rule.
#[must_use]
pub fn broken_rules(snapshot: &Snapshot) -> Vec<Violation> {
    let left = without_what_moves(snapshot);
    let snapshot = left.as_ref().unwrap_or(snapshot);
    let facts = Facts {
        snapshot,
        tally: Tally::of(snapshot),
        owners: snapshot
            .endpoints
            .iter()
            .filter_map(|(id, row)| Some((id.parse().ok()?, row.account.as_str())))
            .collect(),
    };
    let mut found = Found::default();
    for rule in RULES {
        found.otherwise = rule.otherwise;
        (rule.look)(&facts, &mut found);
    }
    found.violations
}

/// What the rules look at.
struct Facts<'a> {
    snapshot: &'a Snapshot,
    tally: Tally,
    /// Each endpoint's account.
    owners: HashMap<EndpointKey, &'a str>,
}

impl<'a> Facts<'a> {
    /// The account of a delivery's endpoint; `None` when the endpoint is gone.
    fn owner_of(&self, delivery: &DeliveryKey) -> Option<&'a str> {
        self.owners.get(&delivery.endpoint()).copied()
    }
}
