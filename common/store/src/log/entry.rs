//! What one entry of an endpoint's log says.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::Value;

use crate::StoreError;
use crate::decode::{array, fields, next, parsed};
use crate::queue::Phases;
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::DeliveryId;

/// The place of an entry in a log: when it was written, and its number within that millisecond. Entries never move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryId {
    ms: u64,
    number: u64,
}

/// An entry with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place.
    pub id: EntryId,
    /// What it says.
    pub content: LogContent,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogContent {
    /// An attempt, or the end of a delivery without one.
    Attempt(Box<LoggedAttempt>),
    /// The owner discarded what was parked.
    Canceled {
        /// How many deliveries that were.
        count: u64,
    },
    /// The endpoint itself changed.
    State {
        /// `active`, `disabled` or `off`.
        state: String,
        /// Why: `owner`, `consecutive_failures`, `gone`, `recovered` or `secret_rotated`.
        reason: String,
    },
}

/// An attempt as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// When it was recorded.
    pub at: Timestamp,
    /// The delivery.
    pub delivery: DeliveryId,
    /// The name of the event's type.
    pub event: String,
    /// The attempt's number, from 1; without a `duration`, how many were made before the delivery was given up.
    pub attempt: u32,
    /// What the delivery became by it: `Succeeded`, `Retrying` or `Exhausted`.
    pub outcome: DeliveryState,
    /// How long it took; `None` when the delivery was given up without another attempt.
    pub duration: Option<Duration>,
    /// Where that time went.
    pub phases: Phases,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The stable code of the failure; `None` on success.
    pub error: Option<String>,
    /// The failure in words.
    pub detail: Option<String>,
    /// The head of the answer, a line `name: value` for each field.
    pub response_headers: Option<String>,
    /// The start of the answer's body.
    pub snippet: Option<String>,
    /// Whether it was a test event.
    pub is_test: bool,
}

impl EntryId {
    /// The place before every entry of that time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self {
            ms: time.as_millis(),
            number: 0,
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

/// An entry as Redis answers it: its id and its fields. `None` for one that says nothing that this version knows.
pub(crate) fn entry(value: Value) -> Result<Option<LogEntry>, StoreError> {
    let mut values = array(value)?.into_iter();
    let id: EntryId = parsed(next(&mut values)?)?;
    let hash = fields(next(&mut values)?)?;
    Ok(content(id, &hash).map(|content| LogEntry { id, content }))
}

fn content(id: EntryId, hash: &HashMap<String, String>) -> Option<LogContent> {
    if let Some(state) = hash.get("state") {
        let reason = hash.get("reason").cloned().unwrap_or_default();
        return Some(LogContent::State {
            state: state.clone(),
            reason,
        });
    }
    if let Some(count) = hash.get("count") {
        let count = count.parse().ok()?;
        return Some(LogContent::Canceled { count });
    }
    attempt(id, hash).map(|attempt| LogContent::Attempt(Box::new(attempt)))
}

fn attempt(id: EntryId, hash: &HashMap<String, String>) -> Option<LoggedAttempt> {
    let text = |name: &str| hash.get(name).filter(|text| !text.is_empty()).cloned();
    Some(LoggedAttempt {
        at: id.time(),
        delivery: hash.get("delivery")?.parse().ok()?,
        event: text("event").unwrap_or_default(),
        attempt: hash.get("attempt")?.parse().ok()?,
        outcome: match hash.get("outcome")?.as_str() {
            "succeeded" => DeliveryState::Succeeded,
            "retrying" => DeliveryState::Retrying,
            "exhausted" => DeliveryState::Exhausted,
            _ => return None,
        },
        duration: hash
            .get("ms")
            .and_then(|ms| ms.parse().ok())
            .map(Duration::from_millis),
        phases: hash.get("timing").map(|text| phases(text)).unwrap_or_default(),
        status: hash.get("status").and_then(|status| status.parse().ok()),
        error: text("error"),
        detail: text("detail"),
        response_headers: text("headers"),
        snippet: text("snippet"),
        is_test: hash.contains_key("test"),
    })
}

/// The phases as an operator reads them in Redis: `dns=1.2 connect=0.8 tls=3.1 firstByte=5.0`, in milliseconds.
pub(crate) fn phases_text(phases: &Phases) -> String {
    [
        ("dns", phases.dns),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("firstByte", phases.first_byte),
    ]
    .into_iter()
    .filter_map(|(name, span)| span.map(|span| format!("{name}={:.1}", span.as_secs_f64() * 1000.0)))
    .collect::<Vec<_>>()
    .join(" ")
}

fn phases(text: &str) -> Phases {
    let span = |wanted: &str| {
        text.split(' ')
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| *name == wanted)
            .and_then(|(_, ms)| ms.parse::<f64>().ok())
            .and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok())
    };
    Phases {
        dns: span("dns"),
        connect: span("connect"),
        tls: span("tls"),
        first_byte: span("firstByte"),
    }
}

/// A list of entries, without those that say nothing that this version knows.
pub(crate) fn entries(value: Value) -> Result<Vec<LogEntry>, StoreError> {
    array(value)?
        .into_iter()
        .filter(|value| *value != Value::Nil)
        .filter_map(|value| entry(value).transpose())
        .collect()
}

impl LogEntry {
    /// The attempt that it tells of, if it does.
    #[must_use]
    pub fn into_attempt(self) -> Option<LoggedAttempt> {
        match self.content {
            LogContent::Attempt(attempt) => Some(*attempt),
            LogContent::Canceled { .. } | LogContent::State { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
