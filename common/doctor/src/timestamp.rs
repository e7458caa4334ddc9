//! `webhook-timestamp`, and how far it is from now.

use super::finding::{Finding, FindingCode};
use super::headers::Headers;
use domain::clock::Timestamp;

/// How far from now the libraries of Standard Webhooks let a timestamp be, in seconds, in either direction.
const TOLERANCE: i64 = 5 * 60;

/// Above this a number of seconds is one of milliseconds: it would be in the year 5138.
const LAST_SECOND: i64 = 100_000_000_000;

/// When an attempt was made, by its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentAt {
    Unknown,
    Malformed,
    Seconds(i64),
    /// In milliseconds; these are the seconds.
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

    /// What a library would object to.
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

/// A span of seconds, in the largest unit of which it has two.
fn span(seconds: i64) -> String {
    let (length, unit) = [(86_400, "days"), (3600, "hours"), (60, "minutes")]
        .into_iter()
        .find(|(length, _)| seconds >= 2 * length)
        .unwrap_or((1, "seconds"));
    format!("{} {unit}", seconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_told_from_milliseconds_and_from_other_texts() {
        for (text, expected) in [
            ("1774539000", SentAt::Seconds(1_774_539_000)),
            ("0", SentAt::Seconds(0)),
            ("1774539000123", SentAt::Milliseconds(1_774_539_000)),
            ("-1", SentAt::Malformed),
            ("2026-03-26T15:30:00.000Z", SentAt::Malformed),
            ("1774539000.5", SentAt::Malformed),
            ("", SentAt::Malformed),
        ] {
            let headers = Headers::new(vec![("Webhook-Timestamp".to_owned(), text.to_owned())]).unwrap();
            assert_eq!(SentAt::of(&headers), expected, "{text}");
        }
        assert_eq!(SentAt::of(&Headers::new(vec![]).unwrap()), SentAt::Unknown);
    }

    #[test]
    fn five_minutes_either_way_are_tolerated() {
        let now = Timestamp::from_millis(1_000_000_000_999).unwrap();
        let found = |seconds: i64| -> Vec<_> {
            SentAt::Seconds(seconds)
                .findings(now)
                .into_iter()
                .map(|finding| finding.code)
                .collect()
        };
        for (offset, expected) in [
            (-301, Some(FindingCode::StaleTimestamp)),
            (-300, None),
            (0, None),
            (300, None),
            (301, Some(FindingCode::FutureTimestamp)),
        ] {
            assert_eq!(
                found(1_000_000_000 + offset),
                Vec::from_iter(expected),
                "{offset}"
            );
        }
    }

    #[test]
    fn spans_are_told_in_a_unit_that_fits() {
        for (seconds, text) in [
            (119, "119 seconds"),
            (301, "5 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (400_000, "4 days"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
