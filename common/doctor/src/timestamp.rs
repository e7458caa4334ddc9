//! `webhook-timestamp`, and how far it is from now.

use super::finding::{Finding, FindingCode};
use super::headers::Headers;
use domain::clock::Timestamp;

/// How far from now, in seconds and in either direction, the libraries of Standard Webhooks accept a timestamp.
const TOLERANCE: i64 = 5 * 60;

/// A number above this must be in milliseconds: in seconds it would be in the year 5138.
const LAST_SECOND: i64 = 100_000_000_000;

/// When we made the attempt, by its `webhook-timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentAt {
    Unknown,
    Malformed,
    Seconds(i64),
    /// The header is in milliseconds; this is in seconds.
    Milliseconds(i64),
}

impl SentAt {
    pub(crate) fn of(headers: &Headers) -> Self {
        match headers.timestamp().map(str::parse::<i64>) {
            None => Self::Unknown,
            Some(Ok(millis)) if millis > LAST_SECOND => Self::Milliseconds(millis / 1000),
            Some(Ok(seconds)) if seconds >= 0 => Self::Seconds(seconds),
            Some(_) => Self::Malformed,
        }
    }

    /// What a library would object to now.
    pub(crate) fn findings(self, now: Timestamp) -> Vec<Finding> {
        match self {
            Self::Unknown => vec![Finding::about(FindingCode::MissingHeader, "webhook-timestamp")],
            Self::Malformed => vec![FindingCode::MalformedTimestamp.into()],
            Self::Seconds(seconds) => distance(seconds, now).into_iter().collect(),
            Self::Milliseconds(seconds) => std::iter::once(FindingCode::MillisecondTimestamp.into())
                .chain(distance(seconds, now))
                .collect(),
        }
    }
}

fn distance(seconds: i64, now: Timestamp) -> Option<Finding> {
    let age = now.as_seconds() - seconds;
    if age > TOLERANCE {
        Some(Finding::about(FindingCode::StaleTimestamp, span(age)))
    } else if age < -TOLERANCE {
        Some(Finding::about(FindingCode::FutureTimestamp, span(-age)))
    } else {
        None
    }
}

/// A span of seconds in words, in the largest unit that fits into it twice.
fn span(seconds: i64) -> String {
    let (length, unit) = [(86_400, "days"), (3600, "hours"), (60, "minutes")]
        .into_iter()
        .find(|(length, _)| seconds >= 2 * length)
        .unwrap_or((1, "seconds"));
    format!("{} {unit}", seconds / length)
}

#[cfg(test)]
mod tests;
