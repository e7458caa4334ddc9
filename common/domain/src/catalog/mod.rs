//! The catalog: what each event type means, the shape of its body, and a realistic sample.
//!
//! Customers read it before they write a receiver, and test events are its samples. A program reads the event types at its start from a
//! file ([`Catalog::parse`]); without one it has those of `default.json`, which is such a file. The account events are ours, and in every
//! catalog: their schemas (JSON Schema, draft 2020-12) and samples are files in `types/`.
//!
//! Of the event types we promise only what stands around `data`: that belongs to the backend, and accepting an event doesn't
//! compare it with the schema.

mod file;

mod members;

mod body;

mod account;

use serde_json::value::RawValue;

use crate::clock::Timestamp;
use crate::event::{EventType, Payload, PayloadError, Subscription};

pub use file::{CatalogError, MAX_TYPES};

/// What a customer can know about an event type.
#[derive(Debug, Clone)]
pub struct EventDescription {
    /// The type, as customers subscribe to it; never [`Subscription::All`].
    pub subscription: Subscription,
    /// When it happens, in a sentence.
    pub description: String,
    /// Which form of its body this is, as the product counts.
    pub version: String,
    /// Whether new subscriptions are advised against.
    pub deprecated: bool,
    /// The JSON Schema of the whole body.
    pub schema: Box<RawValue>,
    /// A whole body that is valid by the schema.
    pub sample: Box<RawValue>,
}

/// All event types of a product.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The names of the event types, in the order of the documentation.
    types: Vec<EventType>,
    /// The event types in the same order, then the account events.
    entries: Vec<EventDescription>,
    /// The type of what is shown or sent where none is named.
    example: EventType,
    /// The chatbot of samples.
    chatbot: String,
}

impl Catalog {
    /// Every type that a customer can subscribe to, in the order of the documentation: the event types, then the account events.
    #[must_use]
    pub fn all(&self) -> &[EventDescription] {
        &self.entries
    }

    /// The event types, without the account events.
    #[must_use]
    pub fn types(&self) -> &[EventType] {
        &self.types
    }

    /// The event type of this name, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<EventType> {
        self.types
            .iter()
            .copied()
            .find(|kind| kind.as_bytes() == name.as_bytes())
    }

    /// Everything that can be subscribed to.
    pub fn subscriptions(&self) -> impl Iterator<Item = Subscription> {
        std::iter::once(Subscription::All).chain(self.entries.iter().map(|entry| entry.subscription))
    }

    /// What can be subscribed to by this name, if anything.
    #[must_use]
    pub fn find_subscription(&self, name: &str) -> Option<Subscription> {
        self.subscriptions()
            .find(|subscription| subscription.as_str() == name)
    }

    /// What is known about a type; nothing, if the catalog doesn't have it.
    #[must_use]
    pub fn describe(&self, subscription: Subscription) -> Option<&EventDescription> {
        self.entries
            .iter()
            .find(|entry| entry.subscription == subscription)
    }

    /// The type of what is shown or sent where none is named.
    #[must_use]
    pub const fn example(&self) -> EventType {
        self.example
    }

    /// A sample of what receivers get: an event of this type, or of the [example](Self::example) if there is no such type or all are
    /// meant, at this time, of this chatbot (`None`: of a made-up one; account events have none).
    ///
    /// # Errors
    ///
    /// [`PayloadError`] when it would be longer than `limit`.
    pub fn sample_payload(
        &self,
        wanted: Subscription,
        chatbot_id: Option<&str>,
        timestamp: Timestamp,
        limit: usize,
    ) -> Result<(Subscription, Payload), PayloadError> {
        let known = match wanted {
            Subscription::Account(_) => wanted,
            Subscription::Only(kind) if self.describe(Subscription::Only(kind)).is_some() => wanted,
            Subscription::Only(_) | Subscription::All => Subscription::Only(self.example),
        };
        let data = self
            .describe(known)
            .and_then(|entry| body::data_of(&entry.sample))
            .ok_or(PayloadError::NotAnObject)?;
        let chatbot_id = chatbot_id.unwrap_or(&self.chatbot);
        let payload = match known {
            Subscription::Account(kind) => Payload::of_account(kind, timestamp, data.get(), limit),
            Subscription::Only(kind) => Payload::build(kind, chatbot_id, timestamp, data.get(), limit),
            Subscription::All => Err(PayloadError::NotAnObject),
        };
        Ok((known, payload?))
    }
}

impl Default for Catalog {
    /// The catalog of a product that names no other.
    fn default() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the file is part of the program, and a test reads it"
        )]
        Self::parse(include_str!("default.json")).expect("the default catalog")
    }
}

#[cfg(test)]
mod tests;
