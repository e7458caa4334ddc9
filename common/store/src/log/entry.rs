//! One entry of an endpoint's log.

use std::collections::HashMap;
use std::time::Duration;

use redis::Value;

use super::{EntryId, Phases, unpack};
use crate::StoreError;
use crate::decode::array;
use crate::scripts::Answer;
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::DeliveryId;

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
        /// Why: `owner`, `operator`, `consecutive_failures`, `gone`, `auto_resumed`, `recovered`, `egress` or `secret_rotated`.
        reason: String,
    },
}

/// An attempt, as the log keeps it.
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
    /// What the delivery became: `Succeeded`, `Retrying` or `Exhausted`, `Pending` after an attempt that was held, and `Canceled` when its
    /// event was erased.
    pub outcome: DeliveryState,
    /// Until when the endpoint, or this delivery alone, waits because the receiver asked for it. Such an attempt is none of
    /// the delivery's ten.
    pub held_until: Option<Timestamp>,
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
    /// Whether its endpoint was disabled, and it was made to see whether that is well again. Its failure is none of the delivery's
    /// ten attempts.
    pub is_probe: bool,
    /// Whether what the receiver answered was taken out of it, since the event was erased.
    pub is_erased: bool,
}

/// An entry as Redis answers it: its id and its fields.
#[derive(Debug)]
pub(crate) struct RawEntry {
    pub(crate) id: EntryId,
    /// `None` if it says nothing that this version knows.
    pub(crate) content: Option<LogContent>,
}

impl Answer for RawEntry {
    fn read(value: Value) -> Result<Self, StoreError> {
        let (id, fields): (EntryId, HashMap<String, String>) = Answer::read(value)?;
        Ok(Self::of(id, fields))
    }
}

impl RawEntry {
    fn of(id: EntryId, mut fields: HashMap<String, String>) -> Self {
        unpack(&mut fields);
        let content = content(id, &fields);
        Self { id, content }
    }

    /// An entry of a block.
    pub(crate) fn packed(entry: history::Entry) -> Self {
        Self::of(entry.place.into(), entry.fields.into_iter().collect())
    }

    /// The attempt that it is about, if it is about one.
    pub(crate) fn attempt(&self) -> Option<&LoggedAttempt> {
        match &self.content {
            Some(LogContent::Attempt(attempt)) => Some(attempt),
            _ => None,
        }
    }

    pub(crate) fn known(self) -> Option<LogEntry> {
        let Self { id, content } = self;
        content.map(|content| LogEntry { id, content })
    }
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
    let moment = |ms: &String| Timestamp::from_millis(ms.parse().ok()?);
    Some(LoggedAttempt {
        at: id.time(),
        delivery: hash.get("delivery")?.parse().ok()?,
        event: text("event").unwrap_or_default(),
        attempt: hash.get("attempt")?.parse().ok()?,
        outcome: match hash.get("outcome")?.as_str() {
            "succeeded" => DeliveryState::Succeeded,
            "retrying" => DeliveryState::Retrying,
            "exhausted" => DeliveryState::Exhausted,
            "held" => DeliveryState::Pending,
            "canceled" => DeliveryState::Canceled,
            _ => return None,
        },
        held_until: hash.get("heldUntil").and_then(moment),
        duration: hash
            .get("ms")
            .and_then(|ms| ms.parse().ok())
            .map(Duration::from_millis),
        phases: hash
            .get("timing")
            .map(|text| Phases::read(text))
            .unwrap_or_default(),
        status: hash.get("status").and_then(|status| status.parse().ok()),
        error: text("error"),
        detail: text("detail"),
        response_headers: text("headers"),
        snippet: text("snippet"),
        is_test: hash.contains_key("test"),
        is_probe: hash.contains_key("probe"),
        is_erased: hash.contains_key("erased"),
    })
}

/// A list of entries, without those that say nothing that this version knows.
pub(crate) fn entries(value: Value) -> Result<Vec<LogEntry>, StoreError> {
    array(value)?
        .into_iter()
        .filter(|value| *value != Value::Nil)
        .filter_map(|value| RawEntry::read(value).map(RawEntry::known).transpose())
        .collect()
}

impl LoggedAttempt {
    /// Whether the receiver asked us to wait, so that the attempt doesn't count.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.outcome == DeliveryState::Pending
    }

    /// Whether the delivery ended without success.
    pub(crate) const fn is_given_up(&self) -> bool {
        matches!(self.outcome, DeliveryState::Exhausted | DeliveryState::Canceled)
    }

    /// How many attempts of the delivery count, this one included.
    #[must_use]
    pub fn counted(&self) -> u32 {
        let is_probe_in_vain = self.is_probe && self.outcome == DeliveryState::Retrying;
        self.attempt
            .saturating_sub((self.is_held() || is_probe_in_vain).into())
    }
}

impl LogEntry {
    /// The attempt that the entry is about, if it is about one.
    #[must_use]
    pub fn into_attempt(self) -> Option<LoggedAttempt> {
        match self.content {
            LogContent::Attempt(attempt) => Some(*attempt),
            LogContent::Canceled { .. } | LogContent::State { .. } => None,
        }
    }
}
