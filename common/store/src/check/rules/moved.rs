//! Accounts that have moved to another shard: the old one keeps nothing but what says so.

use std::collections::BTreeSet;

use super::{Facts, Found};

/// Nothing is left of an account where it no longer is, unless it is being removed just now.
pub(super) fn left(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let of_endpoints = snapshot.endpoints.values().map(|row| row.account.as_str());
    let of_events = snapshot
        .events
        .values()
        .map(|row| snapshot.accounts.name(row.account));
    let of_routes = snapshot.routes.keys().map(|(account, _)| account.as_str());
    let of_lists = snapshot
        .finished
        .lists
        .keys()
        .map(|(account, _)| account.as_str());
    let of_blocks = snapshot
        .history
        .of_accounts
        .keys()
        .map(|(account, _)| account.as_str());
    let present: BTreeSet<&str> = of_endpoints
        .chain(of_events)
        .chain(of_routes)
        .chain(of_lists)
        .chain(of_blocks)
        .collect();
    for (account, shard) in &snapshot.moved {
        let is_going = snapshot.moving.contains_key(account);
        found.that(
            !is_going && present.contains(account.as_str()),
            || format!("account:{account}:terms"),
            || format!("says that the account has moved to shard {shard}, and here is something of it"),
        );
    }
}
