//! Events: how long their payloads live, and what accounts are charged for them.

use std::time::Duration;

use super::super::remedy::Remedy;
use super::super::rows::CHARGED_BESIDES;
use super::{Facts, Found};

/// How long what was exhausted is kept, unless workers have said so.
const TWO_WEEKS: Duration = Duration::from_secs(14 * 86_400);

/// Invariant 4: unfinished events have no lifetime; records have one exactly if their delivery is finished.
pub(super) fn lifetimes(facts: &Facts<'_>, found: &mut Found) {
    let has = |expires: bool| if expires { "a" } else { "no" };
    let policy = facts.snapshot.policy.as_ref();
    let kept = policy.map_or(TWO_WEEKS, |policy| policy.retention_failed);
    for (id, event) in &facts.snapshot.events {
        found.mended(
            event.refs > 0 && event.expires,
            || format!("event:{id}"),
            || format!("refs is {} and it has a lifetime", event.refs),
            || Remedy::Lifetime {
                key: format!("event:{id}"),
                stays: None,
            },
        );
    }
    for (delivery, record) in &facts.snapshot.records {
        found.mended(
            record.state.is_final() != record.expires,
            || format!("delivery:{delivery}"),
            || format!("is {} and has {} lifetime", record.state, has(record.expires)),
            || Remedy::Lifetime {
                key: format!("delivery:{delivery}"),
                stays: record.state.is_final().then_some(kept),
            },
        );
    }
}

/// Invariant 4: an event counts its unfinished deliveries.
pub(super) fn references(facts: &Facts<'_>, found: &mut Found) {
    for (id, event) in &facts.snapshot.events {
        let refs = facts.tally.refs.get(id).copied().unwrap_or(0);
        found.that(
            event.refs != refs,
            || format!("event:{id}"),
            || format!("refs is {}, unfinished deliveries are {refs}", event.refs),
        );
    }
}

/// An account is charged the sum of what its unfinished events are charged, and each of these by its payload.
pub(super) fn charges(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (id, event) in snapshot.events.iter().filter(|(_, event)| event.refs > 0) {
        let charge = i64::from(event.bytes) + CHARGED_BESIDES;
        found.that(
            event.charge != charge,
            || format!("event:{id}"),
            || format!("is charged {}, its payload makes that {charge}", event.charge),
        );
    }
    let key = |account: &str| format!("account:{account}:bytes");
    let mut charged: std::collections::HashMap<_, _> = facts
        .tally
        .charged
        .iter()
        .map(|(account, charged)| (snapshot.accounts.name(*account), *charged))
        .collect();
    for (account, bytes) in &snapshot.account_bytes {
        let charged = charged.remove(account.as_str()).unwrap_or(0);
        found.mended(
            *bytes != charged,
            || key(account),
            || format!("is {bytes}, unfinished events are charged {charged}"),
            || Remedy::AccountBytes {
                account: account.clone(),
                stored: Some(*bytes),
                counted: charged,
            },
        );
    }
    for (account, charged) in charged {
        found.mended(
            true,
            || key(account),
            || format!("is missing, unfinished events are charged {charged}"),
            || Remedy::AccountBytes {
                account: account.to_owned(),
                stored: None,
                counted: charged,
            },
        );
    }
}
