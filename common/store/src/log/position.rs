//! Where a page of a listing ends, as a text that the caller brings back for the next one.

use std::fmt;
use std::str::FromStr;

use super::EntryId;

/// Where a page ends and the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListPosition {
    /// In the log, as it was up to `bound`.
    Log {
        /// The last entry that the page looked at.
        after: EntryId,
        /// The newest entry when the first page was read.
        bound: EntryId,
        /// Whether the log still had this place, and so what came next, when the page was read.
        is_whole: bool,
    },
    /// In another source.
    In {
        /// Which one.
        source: Source,
        /// The last entry that was read there; empty at the start.
        after: String,
    },
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position in a listing")]
pub struct InvalidListPosition;

/// Where a listing reads deliveries that it does not read from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Those that wait for their turn.
    Pending,
    /// Those that wait for the time of their next attempt.
    Retry,
    /// Those that may be what kills workers.
    Quarantine,
    /// Those in flight.
    Leases,
    /// Those that were given up.
    Failed,
}

impl Source {
    pub(super) const ALL: [Self; 5] = [
        Self::Pending,
        Self::Retry,
        Self::Quarantine,
        Self::Leases,
        Self::Failed,
    ];

    /// Whether one call reads all of it that is looked at.
    pub(super) const fn is_read_at_once(self) -> bool {
        matches!(self, Self::Quarantine | Self::Leases)
    }

    /// Its name in the script and in positions.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retry => "retry",
            Self::Quarantine => "quarantine",
            Self::Leases => "leases",
            Self::Failed => "failed",
        }
    }
}

impl ListPosition {
    pub(super) const fn start_of(source: Source) -> Self {
        Self::In {
            source,
            after: String::new(),
        }
    }
}

impl fmt::Display for ListPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log {
                after,
                bound,
                is_whole,
            } => {
                let whole = if *is_whole { " whole" } else { "" };
                write!(formatter, "log {after} {bound}{whole}")
            }
            Self::In { source, after } => write!(formatter, "{} {after}", source.as_str()),
        }
    }
}

impl FromStr for ListPosition {
    type Err = InvalidListPosition;

    fn from_str(text: &str) -> Result<Self, InvalidListPosition> {
        let parts: Vec<_> = text.split(' ').collect();
        let place = |text: &str| text.parse().map_err(|_| InvalidListPosition);
        match parts.as_slice() {
            // Cursors of before don't tell.
            ["log", after, bound] | ["log", after, bound, "whole"] => Ok(Self::Log {
                after: place(after)?,
                bound: place(bound)?,
                is_whole: parts.len() == 4,
            }),
            [source, after] => {
                let source = Source::ALL.into_iter().find(|known| known.as_str() == *source);
                Ok(Self::In {
                    source: source.ok_or(InvalidListPosition)?,
                    after: (*after).to_owned(),
                })
            }
            _ => Err(InvalidListPosition),
        }
    }
}
