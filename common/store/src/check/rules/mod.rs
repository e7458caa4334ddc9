//! The rules: what docs/ARCHITECTURE.md calls invariants and docs/guarantees.md promises. A new rule is a function and a row in
//! [`RULES`].

mod deliveries;

mod endpoints;

mod events;

mod finished;

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
use tally::Tally;

/// A promise, and the function that finds where it is broken.
pub(super) struct Rule {
    /// The promise.
    pub(super) promise: &'static str,
    look: fn(&Facts<'_>, &mut Found),
}

const fn rule(promise: &'static str, look: fn(&Facts<'_>, &mut Found)) -> Rule {
    Rule { promise, look }
}

/// All rules.
pub(super) const RULES: &[Rule] = &[
    rule(
        "each delivery waits, is in flight or has ended, in one place",
        deliveries::places,
    ),
    rule(
        "no delivery is lost: as many wait as were made and have not ended",
        deliveries::counted,
    ),
    rule(
        "what waits has its payload, and stays within its account",
        deliveries::payloads,
    ),
    rule(
        "records, and the log, say what the queues say",
        deliveries::records,
    ),
    rule("what ended as exhausted can be seen", deliveries::exhausted),
    rule(
        "payloads and records live as long as they are needed, and no longer",
        events::lifetimes,
    ),
    rule("events count what waits of them", events::references),
    rule("finished events are found by their age", finished::finished),
    rule(
        "each block of history is found by its index, and accounts count what theirs take",
        history::history,
    ),
    rule("accounts are charged for what is unfinished", events::charges),
    rule(
        "endpoints count what is in flight and what waits",
        endpoints::counters,
    ),
    rule(
        "endpoints get what their account, state and subscriptions say",
        endpoints::routes,
    ),
    rule(
        "every endpoint that has something to send has its turn",
        endpoints::lanes,
    ),
    rule(
        "endpoints have as many in flight as they may, and only long streaks await the clock",
        endpoints::streaks,
    ),
    rule("upkeep knows every endpoint that isn't active", parked::known),
    rule(
        "nothing is parked for longer than RETENTION_FAILED and two hours",
        parked::too_long,
    ),
    rule("leases and tokens agree", indexes::tokens),
    rule(
        "accounts and destinations count what is in flight",
        shares::counted,
    ),
    rule("whoever waits for a place is known to wait", shares::waited_for),
    rule("of an account that has moved, nothing is left", moved::left),
    rule("nothing belongs to an endpoint that is gone", indexes::owners),
    rule("what was set aside is worked through", indexes::sweeps),
    rule(
        "every key is known, can be read and goes at its time",
        indexes::keys,
    ),
    rule(
        "replays of many run or have ended, and count right",
        replays::replays,
    ),
    rule(
        "of replays of many that ended an endpoint keeps the last 20",
        replays::ended,
    ),
    rule(
        "leases, retries and replays that are due don't wait, while a worker runs",
        overdue::overdue,
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
    let mut found = Found(Vec::new());
    for rule in RULES {
        (rule.look)(&facts, &mut found);
    }
    found.0
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

/// What the rules found.
struct Found(Vec<Violation>);

impl Found {
    /// Adds a violation if something is wrong.
    fn that(&mut self, is_wrong: bool, key: impl FnOnce() -> String, what: impl FnOnce() -> String) {
        if is_wrong {
            self.0.push(Violation {
                key: key(),
                what: what(),
            });
        }
    }
}
