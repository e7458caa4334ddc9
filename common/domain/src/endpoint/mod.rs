//! Endpoints: a customer's URL with its subscription, and the state that deliveries leave it in.

mod change;
mod chatbots;
mod filters;
mod rate;
mod recent;
mod state;
mod tag;
mod url;

pub use change::{EndpointPatch, HeadersPatch, NewEndpoint, ParkedAction};
pub use chatbots::{Chatbots, MAX_CHATBOTS};
pub use filters::{
    Condition as FilterCondition, Data, Filters, InvalidFilter, MAX_CONDITIONS, MAX_TEXT, MAX_VALUES,
    Test as FilterTest,
};
pub use rate::{MAX_RATE, RateLimit};
pub use recent::{AttemptCounts, LastError, Recent};
pub use state::{EndpointState, HoldAction, OperatorHold, StateChange};
pub use tag::{Condition, EndpointTag, MalformedCondition};
pub use url::{EndpointUrl, FIRST_FREE_PORT, MAX_URL, UrlError, UrlPolicy, origin_of};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::Subscription;
use crate::id::{AccountId, DeliveryId, EndpointId};

/// The longest description that we save, in characters.
pub const MAX_DESCRIPTION: usize = 500;

/// Whether a text can be an endpoint's description: not too long, and without control characters but line feeds.
#[must_use]
pub fn is_description(text: &str) -> bool {
    text.chars().count() <= MAX_DESCRIPTION && !text.chars().any(|char| char.is_control() && char != '\n')
}

/// Why an endpoint is not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// Ten attempts (`DISABLE_AFTER`) failed in a row, over `DISABLE_MIN_SPAN` at least.
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

/// How the most recent attempt at an endpoint went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastAttempt {
    /// When its worker reported it.
    pub at: Timestamp,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// Whether the receiver answered 2xx in time.
    pub succeeded: bool,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long the attempt took, in milliseconds.
    pub duration_ms: u64,
    /// The stable code of what went wrong (see [`crate::delivery::Failure`]); `None` on success.
    pub error: Option<String>,
}

/// An endpoint's unfinished deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueDepth {
    /// How many wait for their turn.
    pub waiting: u64,
    /// How many wait for the time of their next attempt.
    pub retrying: u64,
    /// How many are in flight: a worker holds a lease on each.
    pub in_flight: u64,
    /// The bytes of their payloads.
    pub bytes: u64,
}

impl QueueDepth {
    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.waiting + self.retrying + self.in_flight
    }
}

/// The grace of the last rotation: how long the secret before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretGrace {
    /// Until then the previous secret signs beside the new one.
    pub until: Timestamp,
    /// Whether the previous secret, and not the new one, makes `X-RKT-Signature` until then.
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
    /// Whose events it gets.
    pub chatbots: Chatbots,
    /// Which of their events it gets, by their data.
    pub filters: Filters,
    /// The owner's own words.
    pub description: Option<String>,
    /// Whether it gets deliveries.
    pub state: EndpointState,
    /// Failed attempts in a row.
    pub consecutive_failures: u32,
    /// Why it is not active; `None` while it is, and while its owner paused it.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when it is not active; `None` while it is.
    pub disabled_at: Option<Timestamp>,
    /// The most recent attempt; `None` before the first.
    pub last_attempt: Option<LastAttempt>,
    /// How its latest attempts went.
    pub recent: Recent,
    /// Its unfinished deliveries.
    pub queue: QueueDepth,
    /// Since when its attempts have failed; `None` after a success.
    pub failing_since: Option<Timestamp>,
    /// Until when nothing is sent, because its receiver asked for it or refused too much at once. A time that has passed says
    /// nothing.
    pub held_until: Option<Timestamp>,
    /// How many attempts it may have in flight now; `None` before its first one.
    pub limit: Option<u32>,
    /// How many it carries at once, if a ceiling was found.
    pub carries: Option<u32>,
    /// The names of the headers of its own that its owner has set.
    pub headers: Vec<String>,
    /// The most deliveries in a second that its owner wants; `None`: as many as it carries.
    pub rate_limit: Option<RateLimit>,
    /// Its next turn by its rate limit, or the end of its rest after its name was not found.
    pub paced_until: Option<Timestamp>,
    /// Whether it is tried again by itself after failures disabled it.
    pub auto_resume: bool,
    /// When it is tried again by itself; `None` unless it is disabled and waits for that.
    pub resume_at: Option<Timestamp>,
    /// What an operator has decided about it, if anything.
    pub operator_hold: Option<OperatorHold>,
    /// The grace of its last secret rotation, over or not.
    pub grace: Option<SecretGrace>,
    /// When its owner made it.
    pub created_at: Timestamp,
    /// Who made it; `None` if that wasn't noted.
    pub created_by: Option<String>,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
    /// Who last changed it; `None` if that wasn't noted.
    pub updated_by: Option<String>,
    /// What changes with its configuration and its state.
    pub tag: EndpointTag,
}
