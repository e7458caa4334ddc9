//! Points in time: we read RFC 3339, and write UTC with three decimals and `Z`.
//!
//! The queue runs by Redis's clock (see `store`), not by this one.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A point in time, in milliseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text that is no RFC 3339 date and time between the years 1970 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimestamp {
    /// It would be one with seconds, which RFC 3339 wants.
    #[error("without seconds: add them, if only as `:00`")]
    NoSeconds,
    /// It would be one with an offset from UTC.
    #[error("without an offset: add `Z` for UTC, or one such as `+02:00`")]
    NoOffset,
    /// Anything else.
    #[error("not an RFC 3339 date and time such as 2026-03-26T15:30:00.000Z")]
    Other,
}

/// The end of the year 9999, the last that RFC 3339 can write.
const LAST_MS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// This process's wall clock.
    #[must_use]
    pub fn now() -> Self {
        Self(Utc::now().timestamp_millis().clamp(0, LAST_MS))
    }

    /// From milliseconds since 1970; `None` before 1970 or after 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        (0..=LAST_MS).contains(&millis).then_some(Self(millis))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        self.0.unsigned_abs()
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn as_seconds(self) -> i64 {
        self.0 / 1000
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        formatter.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp::of(text))?;
        Self::from_millis(time.timestamp_millis()).ok_or(InvalidTimestamp::Other)
    }
}

impl InvalidTimestamp {
    /// What a text lacks.
    fn of(text: &str) -> Self {
        /// How long a date with hours and minutes is.
        const MINUTES: usize = "2026-03-26T15:30".len();

        let is_time = |text: &str| DateTime::parse_from_rfc3339(text).is_ok();
        match text.split_at_checked(MINUTES) {
            Some((minutes, rest)) if is_time(&format!("{minutes}:00{rest}")) => Self::NoSeconds,
            _ if is_time(&format!("{text}Z")) => Self::NoOffset,
            _ => Self::Other,
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
