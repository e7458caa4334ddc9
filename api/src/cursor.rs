//! Cursors: the API hands out places, such as the beginning of the next page, and gets them back from clients.
//!
//! A cursor is valid for one purpose, account, endpoint and filter; its tag proves that this system made it for them.
//! Clients can't look into it: its form may change with any version, and a client whose cursor is refused starts from the
//! beginning.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{AccountId, EndpointId};
use domain::sealing::{SecretsKeyring, TAG_LEN};

/// The longest text that we try to read as a cursor. Ours have fewer than 200 bytes.
pub const MAX_CURSOR: usize = 512;

/// A text is not a cursor of this purpose, account, endpoint and filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this account, endpoint and filter")]
pub struct InvalidCursor;

/// What a cursor is made for. It is valid for nothing else.
#[derive(Debug, Clone, Copy)]
pub struct CursorScope<'a> {
    /// Makes and verifies the tags.
    pub keys: &'a SecretsKeyring,
    /// What the place is in, such as `deliveries`.
    pub purpose: &'static str,
    /// The account that owns the endpoint.
    pub account: &'a AccountId,
    /// The endpoint whose list it is; `None`: of all of the account.
    pub endpoint: Option<&'a EndpointId>,
    /// The client's filter, in one canonical form.
    pub filter: &'a str,
}

impl CursorScope<'_> {
    /// Makes the cursor of a place.
    #[must_use]
    pub fn write(&self, place: &impl Display) -> String {
        let text = place.to_string();
        let tag = self.keys.tag(&self.parts(&text));
        URL_SAFE_NO_PAD.encode([tag.as_slice(), text.as_bytes()].concat())
    }

    /// Reads the place that a cursor stands for.
    ///
    /// # Errors
    ///
    /// [`InvalidCursor`] when we didn't make it for this scope, or somebody changed it.
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
            self.endpoint.map_or("", EndpointId::as_str),
            self.filter,
            text,
        ]
        .map(str::as_bytes)
    }
}

#[cfg(test)]
mod tests;
