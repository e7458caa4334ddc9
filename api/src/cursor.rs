//! Cursors: places that the API hands out and gets back, such as where the next page begins.
//!
//! A cursor is good for one purpose, account, endpoint and filter; the tag in it proves that it was made here for them.
//! To everyone outside it is opaque: its form may change with any version, and a client starts anew when its cursor is
//! refused.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{AccountId, EndpointId};
use domain::sealing::{SecretsKeyring, TAG_LEN};

/// The longest cursor that is looked at. Ours are below 200.
pub const MAX_CURSOR: usize = 512;

/// A text that is no cursor of this purpose, account, endpoint and filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this account, endpoint and filter")]
pub struct InvalidCursor;

/// What cursors are made for, and are good for alone.
#[derive(Debug, Clone, Copy)]
pub struct CursorScope<'a> {
    /// Makes and verifies the tags.
    pub keys: &'a SecretsKeyring,
    /// What they are places in, such as `deliveries`.
    pub purpose: &'static str,
    /// Whose they are.
    pub account: &'a AccountId,
    /// Of which endpoint.
    pub endpoint: &'a EndpointId,
    /// What else must be the same, in a form that is always the same.
    pub filter: &'a str,
}

impl CursorScope<'_> {
    /// The cursor of a place.
    #[must_use]
    pub fn write(&self, place: &impl Display) -> String {
        let text = place.to_string();
        let tag = self.keys.tag(&self.parts(&text));
        URL_SAFE_NO_PAD.encode([tag.as_slice(), text.as_bytes()].concat())
    }

    /// The place that a cursor stands for.
    ///
    /// # Errors
    ///
    /// [`InvalidCursor`] when it was not made for this scope, or was changed.
    pub fn read<P: FromStr>(&self, cursor: &str) -> Result<P, InvalidCursor> {
        if cursor.len() > MAX_CURSOR {
            return Err(InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
        let (tag, text) = bytes.split_first_chunk::<TAG_LEN>().ok_or(InvalidCursor)?;
        let text = std::str::from_utf8(text).map_err(|_| InvalidCursor)?;
        if !self.keys.has_tagged(&self.parts(text), tag) {
            return Err(InvalidCursor);
        }
        text.parse().map_err(|_| InvalidCursor)
    }

    fn parts<'a>(&'a self, text: &'a str) -> [&'a [u8]; 5] {
        [
            self.purpose,
            self.account.as_str(),
            self.endpoint.as_str(),
            self.filter,
            text,
        ]
        .map(str::as_bytes)
    }
}

#[cfg(test)]
mod tests;
