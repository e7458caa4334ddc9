//! What an endpoint can subscribe to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::account::AccountEvent;
use super::types::{EventType, InvalidEventType};

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
    /// The name as customers write it: an event type or `*`.
    #[must_use]
    pub fn as_str(&self) -> &str {
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

/// Reads any name that an event type could have, whether there is such a type or not.
impl FromStr for Subscription {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        if text == "*" {
            return Ok(Self::All);
        }
        match AccountEvent::from_name(text) {
            Some(kind) => Ok(Self::Account(kind)),
            None => text.parse().map(Self::Only),
        }
    }
}

impl TryFrom<String> for Subscription {
    type Error = InvalidEventType;

    fn try_from(text: String) -> Result<Self, InvalidEventType> {
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
