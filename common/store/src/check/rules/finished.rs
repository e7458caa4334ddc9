//! Invariant 4: the index of finished events agrees with the events.

use std::collections::{BTreeMap, HashMap};

use super::super::finished::Class;
use super::super::ids::EventKey;
use super::super::remedy::Remedy;
use super::{Facts, Found};

/// A finished event has one entry that counts, in the list of its account and class, or a lifetime of its own; and the sums of
/// the lists are right.
pub(super) fn finished(facts: &Facts<'_>, found: &mut Found) {
    let entries = lists(facts, found);
    let charged = events(facts, &entries, found);
    sums(facts, &charged, found);
}

/// Checks the lists; returns how many entries count for each event.
fn lists(facts: &Facts<'_>, found: &mut Found) -> HashMap<EventKey, usize> {
    let (snapshot, index) = (facts.snapshot, &facts.snapshot.finished);
    let mut entries: HashMap<EventKey, usize> = HashMap::new();
    for ((account, class), list) in &index.lists {
        let key = || format!("account:{account}:{class}");
        for entry in list {
            let event = snapshot.events.get(&entry.event);
            let of_account = event.filter(|event| snapshot.accounts.name(event.account) == account);
            if of_account.is_some_and(|event| entry.is_current(class, event)) {
                *entries.entry(entry.event).or_default() += 1;
            }
            found.that(
                event.is_some_and(|event| event.refs > 0 && event.again <= entry.again),
                key,
                || format!("has {}, which is not finished", entry.event),
            );
        }
        found.that(!list.is_sorted_by_key(|entry| entry.at), key, || {
            "is not sorted by time".to_owned()
        });
        let head = list.first().map(|entry| entry.at);
        let oldest = index.oldest.get(&(account.clone(), class.clone())).copied();
        let what = || format!("begins at {head:?}, and finished:{class} says {oldest:?}");
        found.mended(oldest.map(whole) != head, key, what, || of(account, class, None));
    }
    entries
}

/// Checks the events; returns what accounts are charged for those in the index.
fn events(facts: &Facts<'_>, entries: &HashMap<EventKey, usize>, found: &mut Found) -> BTreeMap<Class, i64> {
    let mut charged: BTreeMap<Class, i64> = BTreeMap::new();
    for (id, event) in &facts.snapshot.events {
        let count = entries.get(id).copied().unwrap_or(0);
        let needed = usize::from(event.refs == 0 && !event.expires);
        let class = if event.failed { "exhausted" } else { "delivered" };
        let account = facts.snapshot.accounts.name(event.account);
        let key = || format!("event:{id}");
        let what = || {
            let lifetime = if event.expires { "a" } else { "no" };
            format!("is finished, has {lifetime} lifetime and {count} entries among what is finished")
        };
        let is_wrong = event.refs == 0 && count != needed;
        if count == 0 {
            found.mended(is_wrong, key, what, || of(account, class, Some(id.to_string())));
        } else {
            found.that(is_wrong, key, what);
        }
        if needed == 1 {
            *charged.entry((account.to_owned(), class.to_owned())).or_default() += event.charge;
        }
    }
    charged
}

fn sums(facts: &Facts<'_>, charged: &BTreeMap<Class, i64>, found: &mut Found) {
    let index = &facts.snapshot.finished;
    for class in charged.keys().chain(index.bytes.keys()) {
        let is = index.bytes.get(class).copied().map_or(0, whole);
        let should = charged.get(class).copied().unwrap_or(0);
        found.mended(
            is != should,
            || format!("finished:{}:bytes", class.1),
            || format!("has {is} for {}, whose events are charged {should}", class.0),
            || of(&class.0, &class.1, None),
        );
    }
    for (account, class) in index.oldest.keys().chain(index.bytes.keys()) {
        found.mended(
            !index.lists.contains_key(&(account.clone(), class.clone())),
            || format!("finished:{class}"),
            || format!("has {account}, which has no such list"),
            || of(account, class, None),
        );
    }
}

fn of(account: &str, class: &str, event: Option<String>) -> Remedy {
    Remedy::Finished {
        account: account.to_owned(),
        class: class.to_owned(),
        event,
    }
}

/// A score that is a whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "scores are whole numbers far below 2^53"
)]
const fn whole(score: f64) -> i64 {
    score as i64
}
