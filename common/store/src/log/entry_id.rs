//! Where an entry stands in a log.

use std::fmt;
use std::str::FromStr;

use history::Place;
use redis::Value;

use crate::StoreError;
use crate::decode::parsed;
use crate::scripts::Answer;
use domain::clock::Timestamp;

/// The place of an entry in a log: when it was written, and its number within that millisecond. Entries never move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryId {
    ms: u64,
    number: u64,
}

impl EntryId {
    /// The place before every entry.
    pub const MIN: Self = Self { ms: 0, number: 0 };

    /// The place behind every entry.
    pub const MAX: Self = Self {
        ms: u64::MAX,
        number: u64::MAX,
    };

    /// The place before every entry of that time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self {
            ms: time.as_millis(),
            number: 0,
        }
    }

    /// The place behind every entry of that time.
    pub(crate) fn behind(time: Timestamp) -> Self {
        Self {
            ms: time.as_millis() + 1,
            number: 0,
        }
    }

    /// The place before this one.
    pub(crate) fn just_before(self) -> Self {
        match self.number.checked_sub(1) {
            Some(number) => Self { number, ..self },
            None => Self {
                ms: self.ms.saturating_sub(1),
                number: u64::MAX,
            },
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
        i64::try_from(self.ms)
            .ok()
            .and_then(Timestamp::from_millis)
            .unwrap_or_else(Timestamp::now)
    }
}

impl From<Place> for EntryId {
    fn from(place: Place) -> Self {
        Self {
            ms: place.ms,
            number: place.number,
        }
    }
}

impl From<EntryId> for Place {
    fn from(id: EntryId) -> Self {
        Self {
            ms: id.ms,
            number: id.number,
        }
    }
}

impl Answer for EntryId {
    fn read(value: Value) -> Result<Self, StoreError> {
        parsed(value)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.ms, self.number)
    }
}

/// A text that is no place in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not `<milliseconds>-<number>`")]
pub struct InvalidEntryId;

impl FromStr for EntryId {
    type Err = InvalidEntryId;

    fn from_str(text: &str) -> Result<Self, InvalidEntryId> {
        let (ms, number) = text.split_once('-').ok_or(InvalidEntryId)?;
        let digits = |text: &str| text.parse().map_err(|_| InvalidEntryId);
        Ok(Self {
            ms: digits(ms)?,
            number: digits(number)?,
        })
    }
}

#[cfg(test)]
mod tests;
