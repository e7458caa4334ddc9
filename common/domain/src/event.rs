//! Events: the ten types, the three that the queue makes itself, what an endpoint can subscribe to, and the exact bytes
//! that receivers get.
//!
//! [`Payload::build`] runs once, when an event is accepted. What it returns is stored, signed and sent unchanged on
//! every attempt.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

macro_rules! event_types {
    ($(#[$outer:meta])* $type:ident: $($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type {
            $($(#[$doc])* $variant),+
        }

        impl $type {
            /// Every type, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name that customers subscribe to, such as `lead.captured`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Reads the name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
            }
        }
    };
}

event_types! {
    /// What happened in a chatbot.
    EventType:
    /// New conversation starts.
    SessionCreated = "session.created",
    /// Conversation marked as resolved.
    SessionResolved = "session.resolved",
    /// User sends a message.
    MessageReceived = "message.received",
    /// AI or agent sends a response.
    MessageSent = "message.sent",
    /// User submits email or name via the chatbot.
    LeadCaptured = "lead.captured",
    /// Support ticket created.
    TicketCreated = "ticket.created",
    /// Ticket status changed.
    TicketUpdated = "ticket.updated",
    /// Conversation escalated to human.
    HandoffEscalated = "handoff.escalated",
    /// Agent takes over conversation.
    HandoffAssigned = "handoff.assigned",
    /// Conversation returned to AI.
    HandoffReturned = "handoff.returned",
}

event_types! {
    /// What happened to the account's webhooks themselves, so that a team is told. Made by the queue, never pushed by the
    /// backend; `*` does not include them, and no endpoint is told about itself.
    AccountEvent:
    /// Failures disabled an endpoint.
    EndpointDisabled = "endpoint.disabled",
    /// An endpoint that failures had disabled succeeded again.
    EndpointRecovered = "endpoint.recovered",
    /// A delivery was given up.
    DeliveryExhausted = "delivery.exhausted",
}

/// A name that is none of the ten event types (nor `*`, where that is allowed).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown event type; the types are {}", EventType::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))]
pub struct UnknownEventType;

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        Self::from_name(text).ok_or(UnknownEventType)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What an endpoint subscribes to: one event type, all of them, or one kind of account event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subscription {
    /// `*`: every event type.
    All,
    /// One event type.
    Only(EventType),
    /// One kind of account event.
    Account(AccountEvent),
}

impl Subscription {
    /// Everything that can be subscribed to.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::All)
            .chain(EventType::ALL.iter().copied().map(Self::Only))
            .chain(AccountEvent::ALL.iter().copied().map(Self::Account))
    }

    /// The name as customers write it: an event type or `*`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "*",
            Self::Only(kind) => kind.as_str(),
            Self::Account(kind) => kind.as_str(),
        }
    }
}

impl FromStr for Subscription {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        Self::all()
            .find(|subscription| subscription.as_str() == text)
            .ok_or(UnknownEventType)
    }
}

impl TryFrom<String> for Subscription {
    type Error = UnknownEventType;

    fn try_from(text: String) -> Result<Self, UnknownEventType> {
        text.parse()
    }
}

impl From<Subscription> for String {
    fn from(subscription: Subscription) -> Self {
        subscription.as_str().to_owned()
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How many levels of arrays and objects `data` may have.
pub const MAX_DEPTH: usize = 64;

/// The longest chatbot id, in characters.
pub const MAX_CHATBOT_ID: usize = 128;

/// Why an event can't become a payload. The event is refused; nothing is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// `data` is JSON, but not an object.
    #[error("must be a JSON object")]
    NotAnObject,
    /// `data` has more than [`MAX_DEPTH`] levels.
    #[error("is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The payload is longer than `MAX_PAYLOAD_BYTES`.
    #[error("makes the payload {size} bytes long; at most {limit} are allowed")]
    TooLarge {
        /// What it would have been, in bytes.
        size: usize,
        /// What is allowed, in bytes.
        limit: usize,
    },
}

/// The exact bytes that every receiver of an event gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(Bytes);

impl Payload {
    /// Builds `{"event","chatbotId","timestamp","data"}`.
    ///
    /// `data` must be valid JSON text; it is copied as it came (key order, number text of any length, escapes),
    /// without the insignificant white space between its tokens.
    ///
    /// # Errors
    ///
    /// [`PayloadError`] when `data` is not an object, is nested too deep, or the result is longer than `limit` bytes.
    pub fn build(
        event: EventType,
        chatbot_id: &str,
        timestamp: Timestamp,
        data: &str,
        limit: usize,
    ) -> Result<Self, PayloadError> {
        if !data.trim_start().starts_with('{') {
            return Err(PayloadError::NotAnObject);
        }
        let mut body = Vec::with_capacity(data.len() + 160);
        body.extend_from_slice(b"{\"event\":\"");
        body.extend_from_slice(event.as_str().as_bytes());
        body.extend_from_slice(b"\",\"chatbotId\":");
        body.extend_from_slice(serde_json::Value::from(chatbot_id).to_string().as_bytes());
        body.extend_from_slice(b",\"timestamp\":\"");
        body.extend_from_slice(timestamp.to_string().as_bytes());
        body.extend_from_slice(b"\",\"data\":");
        compact(data.as_bytes(), &mut body)?;
        body.push(b'}');
        if body.len() > limit {
            return Err(PayloadError::TooLarge {
                size: body.len(),
                limit,
            });
        }
        Ok(Self(Bytes::from(body)))
    }

    /// The bytes to store, sign and send.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

/// Copies valid JSON without the white space between its tokens (RFC 8259 §2), and counts its levels.
fn compact(json: &[u8], out: &mut Vec<u8>) -> Result<(), PayloadError> {
    let (mut in_string, mut escaped, mut depth) = (false, false, 0_usize);
    for &byte in json {
        if in_string {
            out.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(PayloadError::TooDeep);
        }
        out.push(byte);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
