//! The index of finished events, as a walk saw it.

use std::collections::BTreeMap;

use super::ids::EventKey;
use super::rows::EventRow;

/// An account, and `delivered` or `exhausted`.
pub(super) type Class = (String, String);

/// The index of finished events.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    /// `account:<a>:delivered` and `account:<a>:exhausted`, the oldest entry first.
    pub lists: BTreeMap<Class, Vec<FinishedEntry>>,
    /// `finished:<class>`: when the oldest entry finished (s).
    pub oldest: BTreeMap<Class, f64>,
    /// `finished:<class>:bytes`: what the accounts are charged for the events of the list.
    pub bytes: BTreeMap<Class, f64>,
}

/// An entry of a list of finished events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedEntry {
    /// When the event finished (s, rounded up).
    pub at: i64,
    /// The event.
    pub event: EventKey,
    /// How often somebody had sent it again by then.
    pub again: i32,
}

impl FinishedEntry {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let at = words.next()?.parse().ok()?;
        let event = format!("evt_{}", words.next()?).parse().ok()?;
        let again = words.next().map_or(Some(0), |number| number.parse().ok())?;
        words.next().is_none().then_some(Self { at, event, again })
    }

    /// Whether it is the entry that counts for its event: the event is finished, in this class. (Whether it is of the list's
    /// account, the caller knows.)
    #[must_use]
    pub fn is_current(&self, class: &str, event: &EventRow) -> bool {
        event.refs == 0 && event.again == self.again && event.failed == (class == "exhausted")
    }
}
