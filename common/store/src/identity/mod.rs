//! Is this still the store that it was? A server that was emptied, swapped or set back looks healthy, and answers with an
//! empty list.
//!
//! A store has an identity, and a counter `writes` that rises about once a second while anything is written. Every script
//! checks the identity before it does anything ([`super::Store`] adds it to every call), so nothing is accepted, leased or
//! written between the swap of a server and the moment when a program notices. Each program remembers the identity and the
//! highest `writes` that it has seen, and looks about once a second ([`Store::watch`](super::Store::watch)). With `STORE_ID`
//! a program insists on one identity from its start.
//!
//! `look` asks, `judge` decides, `guard` remembers, `accept` is for operators. `schema` says which forms of what is stored this
//! version knows, `upgrade` when a store changes to newer ones, for which `programs` tells who is connected.

mod judge;

mod guard;

mod look;

mod accept;

mod schema;

mod programs;

mod upgrade;

use std::fmt;
use std::str::FromStr;

pub(crate) use guard::Guard;
pub(crate) use judge::{Known, Sight, Verdict, judge};

pub(crate) use look::{StoreClaim, StoreWatch};
pub(crate) use programs::{program_name, that_have_fewer};
pub(crate) use upgrade::StoreUpgrade;

pub use accept::{Acceptance, Found, StoreFacts};
use domain::id::fill_random;
pub use judge::Rewind;
pub use schema::{newest_schema, unknown_schema};
pub use upgrade::{Upgrade, UpgradeStep, Upgraded};

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

    /// Takes what is stored, whoever wrote it. From schema 2 on the schema stands behind it (`base.lua`).
    pub(crate) fn from_stored(mut text: String) -> Self {
        text.truncate(text.find('+').unwrap_or(text.len()));
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
    /// It has a schema that this version doesn't know.
    Schema(String),
    /// It has more shards than this program.
    Outgrown(u16),
}

impl Replaced {
    /// What to do about it.
    pub(crate) const fn advice(&self) -> &'static str {
        match self {
            Self::Schema(_) => "This program does nothing until the data of before is back",
            Self::Outgrown(_) => "Start this program again",
            _ => "Bring the store's data back, or accept what is there with `webhooksctl store accept`",
        }
    }

    /// Reads the error of `base.lua`: `<kind> <ms> <identity or schema>`.
    pub(crate) fn from_reply(detail: &str) -> Self {
        let mut words = detail.split(' ');
        let kind = words.next();
        let found = words.nth(1).unwrap_or_default().to_owned();
        match kind {
            Some("other") => Self::Other(StoreId(found)),
            Some("schema") => Self::Schema(found),
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
            Self::Outgrown(shards) => write!(
                formatter,
                "it has {shards} shards now, and this program started before it had"
            ),
            Self::Schema(found) => formatter.write_str(&unknown_schema(found).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests;
