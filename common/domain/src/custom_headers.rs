//! Headers of endpoints' own: what an owner wants to be sent beside what we send, often to be let in.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::header_names::HeaderPrefix;

/// The most headers of an endpoint.
pub const MAX_HEADERS: usize = 20;

/// The most bytes of an endpoint's headers, names and values together.
pub const MAX_HEADER_BYTES: usize = 8 * 1024;

/// The longest name of a header, in bytes.
pub const MAX_HEADER_NAME: usize = 128;

/// The name of a header that an endpoint may have, in lower case: HTTP doesn't tell cases apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CustomName(String);

/// Why a header may not have this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no name of a header.
    #[error("is not the name of a header")]
    Form,
    /// It belongs to the connection, or says where a request goes.
    #[error("belongs to the connection")]
    Connection,
    /// We send it, or may one day.
    #[error("is set by us")]
    Ours,
    /// With it proxies tell whom a request comes from, which would be a lie.
    #[error("tells whom a proxy stands for")]
    Forwarded,
}

/// Names of the connection: RFC 9110 §7.6.1, and what else is hop-by-hop or directs the request.
const CONNECTION: [&str; 8] = [
    "connection",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
];
const CONNECTION_BEGINS: [&str; 2] = ["proxy-", "transfer-"];

/// Names of what we send with each request, or will when events carry it.
const OURS: [&str; 4] = ["accept", "traceparent", "tracestate", "user-agent"];
const OURS_BEGIN: [&str; 3] = ["accept-", "content-", "webhook-"];

/// Names with which proxies speak.
const FORWARDED: [&str; 4] = ["forwarded", "via", "x-real-ip", "true-client-ip"];
const FORWARDED_BEGIN: &str = "x-forwarded-";

impl CustomName {
    /// Takes the name of a header, in any case, unless it is taken; `ours` is what our own names begin with.
    ///
    /// # Errors
    ///
    /// [`NameError`] when an endpoint's header may not have this name.
    pub fn parse(text: &str, ours: &HeaderPrefix) -> Result<Self, NameError> {
        if !(1..=MAX_HEADER_NAME).contains(&text.len()) || !text.bytes().all(is_token) {
            return Err(NameError::Form);
        }
        let name = text.to_ascii_lowercase();
        let begins = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        let is = |names: &[&str]| names.contains(&name.as_str());
        if is(&CONNECTION) || begins(&CONNECTION_BEGINS) {
            Err(NameError::Connection)
        } else if is(&OURS) || begins(&OURS_BEGIN) || ours.begins(&name) {
            Err(NameError::Ours)
        } else if is(&FORWARDED) || begins(&[FORWARDED_BEGIN]) {
            Err(NameError::Forwarded)
        } else {
            Ok(Self(name))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a byte may be part of a name: a `tchar` of RFC 9110.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// The value of an endpoint's header. It is never printed, and dropping it overwrites its memory.
#[derive(Clone)]
pub struct CustomValue(SecretString);

/// A text that can't be a header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not visible ASCII with spaces and tabs between it")]
pub struct InvalidValue;

impl CustomValue {
    /// Takes a value: visible ASCII, and spaces and tabs within it. That is all which every server takes.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] when it is empty, or has something else.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_good = !text.is_empty()
            && text.len() <= MAX_HEADER_BYTES
            && text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
            && text.trim_ascii().len() == text.len();
        is_good
            .then(|| Self(SecretString::from(text)))
            .ok_or(InvalidValue)
    }

    /// The value: to send it, or to seal it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for CustomValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

#[cfg(test)]
mod tests;
