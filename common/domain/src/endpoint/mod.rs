//! Endpoints: a customer's URL with its subscription, and the state that deliveries leave on it.

mod change;
mod url;

pub use change::{EndpointPatch, NewEndpoint, ParkedAction};
pub use url::{EndpointUrl, MAX_URL, UrlError, UrlPolicy};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::Subscription;
use crate::id::{AccountId, DeliveryId, EndpointId};

/// The longest description that can be saved, in characters.
pub const MAX_DESCRIPTION: usize = 500;

/// Whether an endpoint takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointState {
    /// Deliveries are sent.
    Active,
    /// Failures switched it off: deliveries, and events that arrive, are parked.
    Disabled,
    /// Its owner switched it off: its deliveries are parked, and new events pass it by.
    Off,
}

/// Why an endpoint is not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// Ten attempts (`DISABLE_AFTER`) failed in a row.
    ConsecutiveFailures,
    /// The receiver answered `410 Gone`.
    Gone,
    /// Its owner switched it off.
    Owner,
}

impl DisabledReason {
    /// The stable name, the same in Redis and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::Gone => "gone",
            Self::Owner => "owner",
        }
    }

    /// Reads the stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ConsecutiveFailures, Self::Gone, Self::Owner]
            .into_iter()
            .find(|reason| reason.as_str() == name)
    }
}

/// What the most recent attempt on an endpoint came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastAttempt {
    /// When it was recorded.
    pub at: Timestamp,
    /// The delivery that was attempted.
    pub delivery_id: DeliveryId,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// Whether the receiver answered 2xx in time.
    pub succeeded: bool,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The stable code of what went wrong (see [`crate::delivery::Failure`]); `None` on success.
    pub error: Option<String>,
}

/// An endpoint's deliveries that are not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueDepth {
    /// Wait for their turn.
    pub waiting: u64,
    /// Wait for the time of their next attempt.
    pub retrying: u64,
    /// A worker holds a lease on them.
    pub in_flight: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

impl QueueDepth {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.waiting + self.retrying + self.in_flight
    }
}

/// How long the secret before the last rotation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretGrace {
    /// Until then it signs beside the new one.
    pub until: Timestamp,
    /// Until then `X-RKT-Signature` is made with it.
    pub legacy_uses_previous: bool,
}

/// An endpoint as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// The account that owns it.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: String,
    /// What it subscribes to; never empty.
    pub events: Vec<Subscription>,
    /// Only events of this chatbot, if set.
    pub chatbot_id: Option<String>,
    /// The owner's own words.
    pub description: Option<String>,
    /// Whether it takes part.
    pub state: EndpointState,
    /// Failed attempts in a row.
    pub consecutive_failures: u32,
    /// Why it is not active; `None` while it is.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when it is not active; `None` while it is.
    pub disabled_at: Option<Timestamp>,
    /// The most recent attempt, if there was one.
    pub last_attempt: Option<LastAttempt>,
    /// Deliveries that are not finished.
    pub queue: QueueDepth,
    /// Since when its attempts fail; `None` after a success.
    pub failing_since: Option<Timestamp>,
    /// The grace of its last secret rotation, over or not.
    pub grace: Option<SecretGrace>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}
