//! Invariant 15: blocks of history and their index agree.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Facts, Found};

/// Each block stands once in the index, which knows its length; what the index sums up is right.
pub(super) fn history(facts: &Facts<'_>, found: &mut Found) {
    blocks(facts, found);
    oldest(facts, found);
    sums(facts, found);
}

fn blocks(facts: &Facts<'_>, found: &mut Found) {
    let history = &facts.snapshot.history;
    let mut known = HashSet::new();
    let indexed = history.index.values().flatten().map(|(facts, _)| facts);
    for facts in indexed.chain(&history.set_aside) {
        let key = || format!("block:{}", facts.block);
        found.that(!known.insert(facts.block.as_str()), key, || {
            "stands in the index twice".to_owned()
        });
        let length = history.blocks.get(&facts.block).copied();
        found.that(length != Some(facts.bytes), key, || {
            format!("has {length:?} bytes, and the index says {}", facts.bytes)
        });
    }
    for block in history.blocks.keys() {
        found.that(
            !known.contains(block.as_str()),
            || format!("block:{block}"),
            || "stands in no index".to_owned(),
        );
    }
}

fn oldest(facts: &Facts<'_>, found: &mut Found) {
    let history = &facts.snapshot.history;
    let mut of_accounts = BTreeMap::new();
    for ((class, owner), blocks) in &history.index {
        let Some((first, ms)) = blocks.first() else {
            continue;
        };
        let said = history.oldest.get(&(*class, owner.clone())).copied();
        found.that(
            said != Some(*ms),
            || format!("blocks:{class}:{owner}"),
            || format!("begins at {ms}, and history:{class} says {said:?}"),
        );
        let series = if *class == "log" {
            format!("log:{owner}")
        } else {
            (*class).to_owned()
        };
        of_accounts.insert((first.account.clone(), series), *ms);
    }
    for (class, owner) in history.oldest.keys() {
        found.that(
            !history.index.contains_key(&(*class, owner.clone())),
            || format!("history:{class}"),
            || format!("has {owner}, which has no blocks"),
        );
    }
    let keys: BTreeSet<_> = of_accounts.keys().chain(history.of_accounts.keys()).collect();
    for key in keys {
        let (should, is) = (of_accounts.get(key), history.of_accounts.get(key));
        found.that(
            should != is,
            || format!("account:{}:history", key.0),
            || format!("has {is:?} for {}, whose oldest block is of {should:?}", key.1),
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes are far below 2^53")]
fn sums(facts: &Facts<'_>, found: &mut Found) {
    let history = &facts.snapshot.history;
    let mut bytes: BTreeMap<(String, bool), f64> = BTreeMap::new();
    for ((class, _), blocks) in &history.index {
        for (facts, _) in blocks {
            *bytes
                .entry((facts.account.clone(), *class == "exhausted"))
                .or_default() += facts.bytes as f64;
        }
    }
    for facts in &history.set_aside {
        *bytes.entry((facts.account.clone(), false)).or_default() += facts.bytes as f64;
    }
    let keys: BTreeSet<_> = bytes.keys().chain(history.bytes.keys()).collect();
    for key in keys {
        let (should, is) = (bytes.get(key), history.bytes.get(key));
        found.that(
            should != is,
            || format!("history:bytes{}", if key.1 { ":exhausted" } else { "" }),
            || format!("has {is:?} for {}, whose blocks take {should:?}", key.0),
        );
    }
}
