//! The two forms of an attempt in a log.

use std::collections::HashMap;

/// What stands in the field `attempt` of an entry from schema 2 on, in this order: one word each, `-` for what is absent, and
/// where the time went as the rest. Entries of schema 1 have a field for each.
const PACKED: [&str; 7] = [
    "delivery", "event", "attempt", "outcome", "ms", "status", "timing",
];

/// Gives an entry that has its attempt packed into one field the fields of schema 1. Others stay as they are.
pub fn unpack(entry: &mut HashMap<String, String>) {
    let Some(packed) = entry.get("attempt").filter(|text| text.contains(' ')).cloned() else {
        return;
    };
    entry.remove("attempt");
    let words = PACKED.into_iter().zip(packed.splitn(PACKED.len(), ' '));
    entry.extend(
        words
            .filter(|(_, word)| *word != "-")
            .map(|(name, word)| (name.to_owned(), word.to_owned())),
    );
}

#[cfg(test)]
mod tests;
