//! What blocks and what is in them are called.

use std::fmt;
use std::str::FromStr;

use domain::id::EndpointId;

/// A text that is no name of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct InvalidName(&'static str);

/// A block: 16 random characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlockId(Box<str>);

/// How an endpoint's id starts; a block's is made as that is, without it.
const ENDPOINT: &str = "ep_";

impl BlockId {
    /// A new random id.
    #[must_use]
    pub fn random() -> Self {
        let text = EndpointId::random();
        Self(text.as_str().trim_start_matches(ENDPOINT).into())
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for BlockId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let is_valid = format!("{ENDPOINT}{text}").parse::<EndpointId>().is_ok();
        is_valid
            .then(|| Self(text.into()))
            .ok_or(InvalidName("a block's id"))
    }
}

/// What became of a finished event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// None of its deliveries was exhausted.
    Delivered,
    /// One of them was.
    Exhausted,
}

impl Class {
    /// Its name, as keys have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Class {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        [Self::Delivered, Self::Exhausted]
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or(InvalidName("`delivered` or `exhausted`"))
    }
}

/// The place of an entry in a log, `<ms>-<number>`: when it was written, and its number within that millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// Milliseconds since 1970.
    pub ms: u64,
    /// Its number within that millisecond.
    pub number: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.ms, self.number)
    }
}

impl FromStr for Place {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = InvalidName("`<milliseconds>-<number>`");
        let (ms, number) = text.split_once('-').ok_or(invalid)?;
        let read = |text: &str| text.parse().map_err(|_| invalid);
        Ok(Self {
            ms: read(ms)?,
            number: read(number)?,
        })
    }
}
