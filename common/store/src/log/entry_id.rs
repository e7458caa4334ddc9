//! Where an entry stands in a log.

use std::fmt;
use std::str::FromStr;

use history::{InvalidName, Place};
use redis::Value;

use crate::StoreError;
use crate::decode::parsed;
use crate::scripts::Answer;
use domain::clock::Timestamp;

/// The [`Place`] of an entry in a log: when it was written, and its number within that millisecond. Entries never move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryId(Place);

impl EntryId {
    /// The place before every entry.
    pub const MIN: Self = Self::new(0, 0);

    /// The place behind every entry.
    pub const MAX: Self = Self::new(u64::MAX, u64::MAX);

    const fn new(ms: u64, number: u64) -> Self {
        Self(Place { ms, number })
    }

    /// The place before every entry of that time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self::new(time.as_millis(), 0)
    }

    /// The place behind every entry of that time.
    pub(crate) fn behind(time: Timestamp) -> Self {
        Self::new(time.as_millis() + 1, 0)
    }

    /// The place behind this one.
    pub(crate) fn just_behind(self) -> Self {
        let Place { ms, number } = self.0;
        match number.checked_add(1) {
            Some(number) => Self::new(ms, number),
            None => ms.checked_add(1).map_or(self, |ms| Self::new(ms, 0)),
        }
    }

    /// The place before this one.
    pub(crate) fn just_before(self) -> Self {
        let Place { ms, number } = self.0;
        match number.checked_sub(1) {
            Some(number) => Self::new(ms, number),
            None => Self::new(ms.saturating_sub(1), u64::MAX),
        }
    }

    /// The end of a range of Redis that has everything before this place.
    pub(super) fn before(self) -> String {
        if self == Self::default() {
            // Redis refuses a range that ends before the first place there is; no entry has that one.
            return self.to_string();
        }
        format!("({self}")
    }

    /// When the entry was written.
    #[must_use]
    pub fn time(self) -> Timestamp {
        i64::try_from(self.0.ms)
            .ok()
            .and_then(Timestamp::from_millis)
            .unwrap_or_else(Timestamp::now)
    }
}

impl From<Place> for EntryId {
    fn from(place: Place) -> Self {
        Self(place)
    }
}

impl From<EntryId> for Place {
    fn from(id: EntryId) -> Self {
        id.0
    }
}

impl Answer for EntryId {
    fn read(value: Value) -> Result<Self, StoreError> {
        parsed(value)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for EntryId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests;
