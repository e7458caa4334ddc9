//! What an entry of a log has of a receiver's answer to an attempt of an event.

use ::history::Entry;
use domain::id::EventId;

/// The fields of an entry that a receiver may have written.
const ANSWER: [&str; 3] = ["headers", "snippet", "detail"];

/// Whether an entry is about a delivery of this event.
pub(super) fn is_about(entry: &Entry, event: &EventId) -> bool {
    let stem = format!("dlv_{}_", event.as_str().trim_start_matches("evt_"));
    let mut fields = entry.fields.iter();
    fields.any(|(name, value)| (name == "attempt" || name == "delivery") && value.starts_with(&stem))
}

/// Whether it is about an attempt of this event, and has what its receiver answered.
pub(super) fn has_answer_to(entry: &Entry, event: &EventId) -> bool {
    entry
        .fields
        .iter()
        .any(|(name, _)| ANSWER.contains(&name.as_str()))
        && is_about(entry, event)
}

/// Takes the answer out of such an entry. Returns whether there was one.
pub(super) fn forget_answer(entry: &mut Entry, event: &EventId) -> bool {
    let has_one = has_answer_to(entry, event);
    if has_one {
        entry.fields.retain(|(name, _)| !ANSWER.contains(&name.as_str()));
        entry.fields.push(("erased".to_owned(), "1".to_owned()));
    }
    has_one
}
