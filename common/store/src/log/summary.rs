//! A delivery at a glance: what its record, its newest log entry and the queue say of it.

use redis::Value;

use super::{EntryId, LoggedAttempt};
use crate::StoreError;
use crate::scripts::{Answer, Legible, answered};
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::DeliveryId;

/// A delivery at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySummary {
    /// Its id.
    pub id: DeliveryId,
    /// The name of its event's type; empty when nothing says it any more.
    pub event: String,
    /// Its state now.
    pub state: DeliveryState,
    /// Attempts made.
    pub attempts: u32,
    /// When its next attempt is due, if it waits for one.
    pub next_attempt_at: Option<Timestamp>,
    /// Until when it waits because its receiver asked for it.
    pub held_until: Option<Timestamp>,
    /// Its newest entry in the log, if the log still has it.
    pub last: Option<LoggedAttempt>,
    /// Why it was given up, or why its last attempt failed; a stable code.
    pub reason: Option<String>,
    /// The delivery that it sends again.
    pub replay_of: Option<DeliveryId>,
    /// Whether it is a test event.
    pub is_test: bool,
}

/// What deliveries that wait depend on at their endpoint.
#[derive(Debug)]
pub(crate) struct EndpointStanding {
    state: String,
    held_until: Legible<Timestamp>,
}

answered! { EndpointStanding { state, held_until } }

impl EndpointStanding {
    fn is_active(&self) -> bool {
        self.state == "active"
    }
}

/// What Redis has of a delivery besides the log: its record, if there is one, and whether it is in flight.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    state: String,
    attempts: u32,
    next_attempt_at: Option<Timestamp>,
    reason: Option<String>,
    replay_of: Option<DeliveryId>,
    pub(super) entries: Vec<EntryId>,
    event: String,
    pub(super) in_flight: bool,
}

/// A record as scripts answer it (`record_view`). Numbers in it may be unreadable.
struct RawRecord {
    state: String,
    attempts: Legible<u32>,
    next_attempt_at: Legible<Timestamp>,
    reason: Option<String>,
    replay_of: Option<DeliveryId>,
    /// The ids of its log entries.
    entries: String,
    event: String,
    in_flight: bool,
}

answered! { RawRecord { state, attempts, next_attempt_at, reason, replay_of, entries, event, in_flight } }

impl Answer for Record {
    fn read(value: Value) -> Result<Self, StoreError> {
        let Some(raw) = Option::<RawRecord>::read(value)? else {
            return Ok(Self::default());
        };
        Ok(Self {
            state: raw.state,
            attempts: raw.attempts.0.unwrap_or(0),
            next_attempt_at: raw.next_attempt_at.0,
            reason: raw.reason,
            replay_of: raw.replay_of,
            entries: raw
                .entries
                .split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect(),
            event: raw.event,
            in_flight: raw.in_flight,
        })
    }
}

impl Record {
    pub(super) const fn exists(&self) -> bool {
        !self.state.is_empty()
    }

    /// The state of a delivery that has a record or is not finished.
    fn delivery_state(&self, is_active: bool) -> DeliveryState {
        match self.state.as_str() {
            "succeeded" => DeliveryState::Succeeded,
            "exhausted" => DeliveryState::Exhausted,
            _ if self.in_flight => DeliveryState::InFlight,
            _ if !is_active => DeliveryState::Parked,
            "retrying" => DeliveryState::Retrying,
            "quarantined" => DeliveryState::Quarantined,
            _ => DeliveryState::Pending,
        }
    }

    /// The delivery at a glance.
    pub(super) fn summary(
        self,
        id: DeliveryId,
        last: Option<LoggedAttempt>,
        endpoint: &EndpointStanding,
    ) -> DeliverySummary {
        let state = match &last {
            // Without a record the log says what became of it. But a delivery that waits for a retry has a record, unless
            // it was canceled.
            Some(last) if !self.exists() && !self.in_flight => match last.outcome {
                DeliveryState::Retrying | DeliveryState::Pending => DeliveryState::Canceled,
                outcome => outcome,
            },
            _ => self.delivery_state(endpoint.is_active()),
        };
        let next_attempt_at = self.next_attempt_at.filter(|_| state == DeliveryState::Retrying);
        let endpoint_held = endpoint.held_until.0;
        let held_until = match state {
            DeliveryState::Pending | DeliveryState::Quarantined => endpoint_held,
            // A receiver may want longer than its endpoint is held: then this delivery waits by itself.
            DeliveryState::Retrying if last.as_ref().is_some_and(LoggedAttempt::is_held) => {
                endpoint_held.max(next_attempt_at)
            }
            DeliveryState::Retrying => endpoint_held.filter(|held| Some(*held) > next_attempt_at),
            _ => None,
        };
        DeliverySummary {
            held_until,
            event: last.as_ref().map_or(self.event, |last| last.event.clone()),
            attempts: self.attempts.max(last.as_ref().map_or(0, LoggedAttempt::counted)),
            next_attempt_at,
            reason: self
                .reason
                .or_else(|| last.as_ref().and_then(|last| last.error.clone())),
            replay_of: self.replay_of,
            is_test: last.as_ref().is_some_and(|last| last.is_test),
            id,
            state,
            last,
        }
    }
}
