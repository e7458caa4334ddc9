//! What an endpoint can subscribe to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::types::{AccountEvent, EventType, UnknownEventType};

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

    /// Whether who subscribes to this gets the other, too: `*` stands for every event type, not for account events.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::All, Self::Only(_)))
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

#[cfg(test)]
mod tests;
