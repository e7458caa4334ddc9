//! Is this still the store that it was? A server that was emptied, swapped or set back looks healthy, and answers with an
//! empty list.
//!
//! A store has an identity, and a counter `writes` that rises about once a second while anything is written. Every script
//! checks the identity before it does anything ([`super::Store`] adds it to every call), so nothing is accepted, leased or
//! written between the swap of a server and the moment when a program notices. Each program remembers the identity and the
//! highest `writes` that it has seen, and looks about once a second ([`Store::watch`](super::Store::watch)). With `STORE_ID`
//! a program insists on one identity from its start.
//!
//! `look` asks, `judge` decides, `guard` remembers, `accept` is for operators.

mod judge;

mod guard;

mod look;

mod accept;

use std::fmt;
use std::str::FromStr;

pub(crate) use guard::Guard;
pub(crate) use judge::{Known, Sight, Verdict, judge};

pub(crate) use look::{StoreClaim, StoreWatch};

pub use accept::{Acceptance, Found, StoreFacts};
use domain::id::fill_random;
pub use judge::Rewind;

/// The schema of the stored data that this version reads and writes.
pub const SCHEMA: &str = "1";

/// The identity of a store (`STORE_ID`): 1 to 64 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StoreId(String);

impl StoreId {
    /// A new one, of 128 random bits.
    #[must_use]
    pub fn random() -> Self {
        let mut random = [0_u8; 16];
        fill_random(&mut random);
        Self(hex::encode(random))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes what is stored, whoever wrote it.
    pub(crate) const fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for StoreId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 1 to 64 letters, digits, `-` or `_`; `webhooksctl store id` makes one".to_owned())
        }
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How a store shows that it isn't the one that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// It has nothing of ours.
    Empty,
    /// It has keys of ours, but nothing that says whose.
    Unmarked,
    /// It has another identity.
    Other(StoreId),
}

impl Replaced {
    /// Reads the error of `base.lua`: `<kind> <ms> <identity>`.
    pub(crate) fn from_reply(detail: &str) -> Self {
        let mut words = detail.split(' ');
        match words.next() {
            Some("other") => Self::Other(StoreId(words.nth(1).unwrap_or_default().to_owned())),
            Some("unmarked") => Self::Unmarked,
            _ => Self::Empty,
        }
    }
}

impl fmt::Display for Replaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the server is empty"),
            Self::Unmarked => {
                formatter.write_str("the server has keys of ours, but `wh:meta` doesn't say whose")
            }
            Self::Other(found) => write!(
                formatter,
                "the server has the store `{found}`, which is another one"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
