//! What the index says of the attempts in a block.

use super::{ATTEMPT, Entry};
use crate::descriptor::{is_word, named};

/// How many attempts had each outcome, and their event types.
pub(super) fn summary(entries: &[Entry]) -> (Vec<(String, u32)>, Option<Vec<String>>) {
    let mut outcomes: Vec<(String, u32)> = Vec::new();
    let mut kinds = Vec::new();
    for entry in entries {
        let field = |wanted: &str| {
            let found = entry.fields.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.as_str())
        };
        let mut words = field(ATTEMPT).unwrap_or_default().split(' ').skip(1);
        // In schema 1 an attempt had a field for each.
        let kind = words.next().or_else(|| field("event"));
        let outcome = words.nth(1).or_else(|| field("outcome"));
        kinds.extend(kind.filter(|kind| is_word(kind)));
        let Some(outcome) = outcome.filter(|outcome| is_word(outcome)) else {
            continue;
        };
        match outcomes.iter_mut().find(|(known, _)| known == outcome) {
            Some((_, count)) => *count += 1,
            None => outcomes.push((outcome.to_owned(), 1)),
        }
    }
    (outcomes, named(kinds.into_iter()))
}
