//! The ten types of events that the backend pushes, and the four that the queue makes itself.

use std::fmt;
use std::str::FromStr;

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
    /// What happened to an account's webhooks themselves. The queue makes these events, so that a team hears of it; the backend
    /// never pushes them. `*` does not include them, and no endpoint is told about itself.
    AccountEvent:
    /// Failures disabled an endpoint.
    EndpointDisabled = "endpoint.disabled",
    /// An endpoint that failures had disabled succeeded again.
    EndpointRecovered = "endpoint.recovered",
    /// The receiver of an endpoint asked us to wait for long.
    EndpointHeld = "endpoint.held",
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
