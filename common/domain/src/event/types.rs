//! The name of an event type that the backend pushes, such as `lead.captured`.
//!
//! Which types there are, the [catalog](crate::catalog) says; here is what a name may look like. What is stored may name types that a
//! catalog has no longer, and can be read all the same.

use std::fmt;
use std::str::FromStr;

use super::account::RESERVED;

/// The longest name of an event type, in bytes.
pub const MAX_EVENT_TYPE: usize = 64;

/// The name of an event type: letters, digits, `_` and `-`, in groups that dots separate.
///
/// It holds its text itself, so that it is copied like a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType {
    /// The name, and zeros behind it.
    bytes: [u8; MAX_EVENT_TYPE],
    length: u8,
}

/// Why a text is no [`EventType`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEventType {
    /// It has another form.
    #[error(
        "must be a name such as order.created: up to {MAX_EVENT_TYPE} letters, digits, `_` and `-`, a letter first, in groups that dots separate"
    )]
    Form,
    /// It belongs to the account events.
    #[error(
        "must not begin with `{0}`: such events are about an account's own endpoints, and made by this system"
    )]
    Reserved(&'static str),
}

/// Types of the default catalog, for tests and measurements.
impl EventType {
    /// Conversation marked as resolved.
    pub const SESSION_RESOLVED: Self = Self::literal("session.resolved");
    /// AI or agent sends a response.
    pub const MESSAGE_SENT: Self = Self::literal("message.sent");
    /// User submits email or name via the chatbot.
    pub const LEAD_CAPTURED: Self = Self::literal("lead.captured");
    /// Support ticket created.
    pub const TICKET_CREATED: Self = Self::literal("ticket.created");
    /// Ticket status changed.
    pub const TICKET_UPDATED: Self = Self::literal("ticket.updated");
}

impl EventType {
    /// The name that customers subscribe to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // It came from a text, as a whole.
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The name as bytes, all of them ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or_default()
    }

    /// A name that has the form, and isn't reserved.
    const fn literal(name: &str) -> Self {
        let name = name.as_bytes();
        let mut bytes = [0; MAX_EVENT_TYPE];
        let mut at = 0;
        while at < name.len() {
            bytes[at] = name[at];
            at += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it fits into the array")]
        let length = name.len() as u8;
        Self { bytes, length }
    }
}

impl FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(name: &str) -> Result<Self, InvalidEventType> {
        let is_group = |group: &str| {
            let mut bytes = group.bytes();
            !group.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        let is_good = name.len() <= MAX_EVENT_TYPE
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.split('.').all(is_group);
        if !is_good {
            return Err(InvalidEventType::Form);
        }
        match RESERVED.into_iter().find(|prefix| name.starts_with(prefix)) {
            Some(prefix) => Err(InvalidEventType::Reserved(prefix)),
            None => Ok(Self::literal(name)),
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EventType({self})")
    }
}

#[cfg(test)]
mod tests;
