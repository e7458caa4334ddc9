//! Ids: opaque to everyone outside, cheap to derive inside.
//!
//! An id that parsed is safe in a Redis key, a log line or an HTTP header. A delivery's id names its event and its endpoint,
//! so a delivery that was never attempted needs no record: its id is all that we store. Ids are copied often, so all copies of one
//! share its text.

mod account;

mod random;

pub use random::fill_random;
use random::random_bits;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::clock::Timestamp;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct InvalidId {
    expected: &'static str,
}

const ULID_LEN: usize = 26;
const ENDPOINT_LEN: usize = 16;
const REPLAY_LEN: usize = 8;

/// Lower-case Crockford base 32, as ULIDs use it.
fn is_base32(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z'))
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $is_valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The error of parsing a text that is no such id.
            #[must_use]
            pub const fn invalid() -> InvalidId {
                InvalidId { expected: $expected }
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(text) { Ok(Self(text.into())) } else { Err(Self::invalid()) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

id_type!(
    /// The tenant: `org:<Clerk organisation id>` or `user:<Clerk user id>`.
    AccountId,
    "an account: `org:…` or `user:…` followed by 1 to 100 letters, digits, `_`, `-` or `.`",
    |text| {
        text.strip_prefix("org:").or_else(|| text.strip_prefix("user:")).is_some_and(|rest| {
            (1..=100).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        })
    }
);

id_type!(
    /// A customer's endpoint: `ep_` and 80 random bits.
    EndpointId,
    "an endpoint id: `ep_` and 16 characters",
    |text| text.strip_prefix("ep_").is_some_and(|rest| rest.len() == ENDPOINT_LEN && is_base32(rest))
);

id_type!(
    /// An event: `evt_` and a ULID. It is also the `webhook-id` that receivers see.
    EventId,
    "an event id: `evt_` and 26 characters",
    |text| text.strip_prefix("evt_").is_some_and(|rest| rest.len() == ULID_LEN && is_base32(rest))
);

id_type!(
    /// One event addressed to one endpoint: `dlv_<event>_<endpoint>`, and for a replay `_<8 characters>` more.
    DeliveryId,
    "a delivery id: `dlv_<26 characters>_<16 characters>`",
    |text| {
        let Some(rest) = text.strip_prefix("dlv_") else { return false };
        let mut parts = rest.split('_');
        parts.next().is_some_and(|event| event.len() == ULID_LEN && is_base32(event))
            && parts.next().is_some_and(|endpoint| endpoint.len() == ENDPOINT_LEN && is_base32(endpoint))
            && parts.next().is_none_or(|replay| replay.len() == REPLAY_LEN && is_base32(replay))
            && parts.next().is_none()
    }
);

id_type!(
    /// A replay of many: `rpl_` and a ULID.
    ReplayId,
    "a replay id: `rpl_` and 26 characters",
    |text| text.strip_prefix("rpl_").is_some_and(|rest| rest.len() == ULID_LEN && is_base32(rest))
);

id_type!(
    /// A key of an account: `key_` and 80 random bits. What the account's programs prove themselves with is [`crate::api_key`].
    ApiKeyId,
    "the id of an API key: `key_` and 16 characters",
    |text| text.strip_prefix("key_").is_some_and(|rest| rest.len() == ENDPOINT_LEN && is_base32(rest))
);

id_type!(
    /// A portal session: `ps_` and 80 random bits. What proves it is [`crate::portal_session`].
    PortalSessionId,
    "the id of a portal session: `ps_` and 16 characters",
    |text| text.strip_prefix("ps_").is_some_and(|rest| rest.len() == ENDPOINT_LEN && is_base32(rest))
);

impl ReplayId {
    /// A new id.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self(EventId::new(now_ms).0.replacen("evt_", "rpl_", 1).into())
    }
}

impl EndpointId {
    /// A new random id.
    #[must_use]
    pub fn random() -> Self {
        let text = Ulid::from_parts(0, random_bits())
            .to_string()
            .to_ascii_lowercase();
        Self(format!("ep_{}", &text[ULID_LEN - ENDPOINT_LEN..]).into())
    }
}

impl EventId {
    /// When we accepted it, by the clock of the process that did.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Ulid::from_string(&self.0["evt_".len()..])
            .ok()
            .and_then(|ulid| i64::try_from(ulid.timestamp_ms()).ok())
            .and_then(Timestamp::from_millis)
            .unwrap_or_default()
    }

    /// A new id that sorts by `now` (milliseconds since 1970).
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        let text = Ulid::from_parts(now_ms, random_bits())
            .to_string()
            .to_ascii_lowercase();
        Self(format!("evt_{text}").into())
    }
}

impl DeliveryId {
    /// The first delivery of `event` to `endpoint`. The `accept` script derives the same.
    #[must_use]
    pub fn of(event: &EventId, endpoint: &EndpointId) -> Self {
        let (event, endpoint) = (&event.0["evt_".len()..], &endpoint.0["ep_".len()..]);
        Self(format!("dlv_{event}_{endpoint}").into())
    }

    /// A new delivery that repeats this one.
    #[must_use]
    pub fn replay(&self) -> Self {
        self.replay_as(random_bits())
    }

    /// The delivery that repeats this one and has the lowest 40 of these bits in its id.
    #[must_use]
    pub fn replay_as(&self, bits: u128) -> Self {
        let first = &self.0[.."dlv_".len() + ULID_LEN + 1 + ENDPOINT_LEN];
        let text = Ulid(bits).to_string().to_ascii_lowercase();
        Self(format!("{first}_{}", &text[ULID_LEN - REPLAY_LEN..]).into())
    }

    /// The event that it delivers.
    #[must_use]
    pub fn event(&self) -> EventId {
        EventId(format!("evt_{}", &self.0[4..4 + ULID_LEN]).into())
    }

    /// The endpoint that it goes to.
    #[must_use]
    pub fn endpoint(&self) -> EndpointId {
        let text = &self.0[5 + ULID_LEN..5 + ULID_LEN + ENDPOINT_LEN];
        EndpointId(format!("ep_{text}").into())
    }

    /// Whether it is a replay: it sends again what another delivery delivered, or gave up.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.0.len() > 5 + ULID_LEN + ENDPOINT_LEN
    }
}

#[cfg(test)]
mod tests;
