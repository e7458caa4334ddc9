//! What is in flight for each account and at each destination, and who waits for a place.

use std::collections::BTreeMap;

use super::super::remedy::Remedy;
use super::{Facts, Found};

/// The fields of `shares` that are no counts.
const SERVED_LAST: [&str; 2] = ["accounts", "destinations"];

/// A count, and whether endpoints wait for a place; `None` if it can't be read.
fn read(text: &str) -> Option<(u32, bool)> {
    let number = text.strip_suffix('w');
    Some((number.unwrap_or(text).parse().ok()?, number.is_some()))
}

/// The names under which a lease is counted, by its token.
fn names_in(token: &str) -> Vec<String> {
    let Some(part) = token.split('|').nth(1).filter(|part| part.contains(' ')) else {
        return Vec::new(); // the release before leased it
    };
    let pair = part.trim_start_matches('~');
    let (destination, account) = pair.split_once(' ').unwrap_or_default();
    let mut names = vec![
        pair.to_owned(),
        format!("account {account}"),
        format!("destination {destination}"),
    ];
    if part.starts_with('~') {
        names.extend(names.clone().iter().map(|name| format!("slow {name}")));
    }
    names
}

fn by(waited: Option<&String>) -> Remedy {
    Remedy::Shares {
        waited: waited.cloned(),
    }
}

/// Invariant 14: the counts say what the tokens say.
pub(super) fn counted(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let mut leased: BTreeMap<String, u32> = BTreeMap::new();
    for name in snapshot.token_texts.values().flat_map(|token| names_in(token)) {
        *leased.entry(name).or_default() += 1;
    }
    let key = || "shares".to_owned();
    for (name, text) in &snapshot.shares {
        if SERVED_LAST.contains(&name.as_str()) {
            continue;
        }
        let leased = leased.remove(name).unwrap_or(0);
        let number = read(text).map(|(number, _)| number);
        let what = || format!("{name} is {text}, leases are {leased}");
        found.mended(number != Some(leased), key, what, || by(None));
    }
    for (name, leased) in leased {
        let what = || format!("{name} is missing, leases are {leased}");
        found.mended(true, key, what, || by(None));
    }
}

/// Invariant 14: whoever frees a place, and upkeep, see that endpoints wait for it.
pub(super) fn waited_for(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let is_marked = |name: &str| {
        let text = snapshot.shares.get(name).map(String::as_str);
        text.and_then(read).is_some_and(|(_, waits)| waits)
    };
    for name in snapshot.waiting.keys() {
        found.mended(
            !is_marked(name) || !snapshot.waited_for.contains(name),
            || format!("waiting:{name}"),
            || "has endpoints that nobody brings back".to_owned(),
            || by(Some(name)),
        );
    }
    for name in &snapshot.waited_for {
        found.mended(
            !is_marked(name),
            || "waiting".to_owned(),
            || format!("has {name}, and its count says that nobody waits"),
            || by(Some(name)),
        );
    }
}
