//! The catalog: what each event type means, the shape of its body, and a realistic sample.
//!
//! Customers read it before they write a receiver, and test events are its samples. The schemas (JSON Schema, draft 2020-12)
//! and samples are files in `types/`; each describes or shows a whole body as receivers get it. The compiler refuses a type
//! that has no entry.
//!
//! Of the ten event types we promise only what stands around `data`: that belongs to the chatbot backend, and accepting an
//! event doesn't compare it with the schema.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clock::Timestamp;
use crate::event::{AccountEvent, EventType, Payload, Subscription};

/// What a customer can know about an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventDescription {
    /// The type, as customers subscribe to it; never [`Subscription::All`].
    pub subscription: Subscription,
    /// When it happens, in a sentence.
    pub description: &'static str,
    /// The JSON Schema of the whole body.
    pub schema: &'static str,
    /// A whole body that is valid by the schema.
    pub sample: &'static str,
}

/// Every type that a customer can subscribe to, in the order of the documentation: the event types, then the account events.
pub fn all() -> impl Iterator<Item = EventDescription> {
    let events = EventType::ALL.iter().copied().map(describe);
    let account_events = AccountEvent::ALL.iter().copied().map(describe_account_event);
    events.chain(account_events)
}

/// A sample of what receivers get: an event of this type, at this time, of this chatbot (`None`: of a made-up one).
///
/// # Panics
///
/// Never: the samples are part of the program, and a test builds each.
#[must_use]
pub fn sample_payload(kind: EventType, chatbot_id: Option<&str>, timestamp: Timestamp) -> Payload {
    #[derive(Deserialize)]
    struct Sample<'a> {
        #[serde(rename = "chatbotId", borrow)]
        chatbot_id: Cow<'a, str>,
        #[serde(borrow)]
        data: &'a RawValue,
    }

    #[expect(clippy::expect_used, reason = "the samples are part of the program")]
    let sample: Sample<'_> = serde_json::from_str(describe(kind).sample).expect("a sample is a body");
    let chatbot_id = chatbot_id.unwrap_or(&sample.chatbot_id);
    #[expect(clippy::expect_used, reason = "the samples are part of the program")]
    Payload::build(kind, chatbot_id, timestamp, sample.data.get(), usize::MAX)
        .expect("the data of a sample is a flat object")
}

macro_rules! entry {
    ($subscription:expr, $name:literal, $description:literal) => {
        EventDescription {
            subscription: $subscription,
            description: $description,
            schema: include_str!(concat!("types/", $name, ".schema.json")),
            sample: include_str!(concat!("types/", $name, ".sample.json")),
        }
    };
}

const fn describe(kind: EventType) -> EventDescription {
    let only = Subscription::Only(kind);
    match kind {
        EventType::SessionCreated => entry!(only, "session.created", "A new conversation started."),
        EventType::SessionResolved => {
            entry!(only, "session.resolved", "A conversation was marked as resolved.")
        }
        EventType::MessageReceived => entry!(only, "message.received", "A user sent a message."),
        EventType::MessageSent => entry!(only, "message.sent", "The AI or an agent sent a response."),
        EventType::LeadCaptured => entry!(
            only,
            "lead.captured",
            "A user submitted an email address or a name through the chatbot."
        ),
        EventType::TicketCreated => entry!(only, "ticket.created", "A support ticket was created."),
        EventType::TicketUpdated => {
            entry!(only, "ticket.updated", "The status of a support ticket changed.")
        }
        EventType::HandoffEscalated => entry!(
            only,
            "handoff.escalated",
            "A conversation was escalated from the AI to a human."
        ),
        EventType::HandoffAssigned => {
            entry!(only, "handoff.assigned", "An agent took over a conversation.")
        }
        EventType::HandoffReturned => entry!(
            only,
            "handoff.returned",
            "A conversation was returned from an agent to the AI."
        ),
    }
}

const fn describe_account_event(kind: AccountEvent) -> EventDescription {
    let account = Subscription::Account(kind);
    match kind {
        AccountEvent::EndpointDisabled => entry!(
            account,
            "endpoint.disabled",
            "Failures disabled an endpoint of this account; what it would have received is parked."
        ),
        AccountEvent::EndpointRecovered => entry!(
            account,
            "endpoint.recovered",
            "An endpoint of this account that failures had disabled succeeded again."
        ),
        AccountEvent::EndpointHeld => entry!(
            account,
            "endpoint.held",
            "The receiver of an endpoint of this account asked us to wait for more than 15 minutes; what it would have received \
             waits."
        ),
        AccountEvent::DeliveryExhausted => entry!(
            account,
            "delivery.exhausted",
            "A delivery to an endpoint of this account was given up."
        ),
    }
}

#[cfg(test)]
mod tests;
