//! The names of the headers that receivers get besides those of Standard Webhooks: they begin with a prefix that is configured.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest prefix, in bytes.
const MAX_LEN: usize = 32;

/// First words of headers that HTTP, gateways (CGI's `HTTP_`) or Standard Webhooks give a meaning to, or that proxies remove.
const TAKEN: [&str; 20] = [
    "accept",
    "access",
    "authorization",
    "cache",
    "connection",
    "content",
    "cookie",
    "expect",
    "host",
    "http",
    "if",
    "keep",
    "proxy",
    "sec",
    "svix",
    "te",
    "trailer",
    "transfer",
    "upgrade",
    "webhook",
];

/// What the names of our headers begin with, such as `X-RKT` in `X-RKT-Signature`. It ends without a dash.
///
/// It has only letters, digits and single dashes, which every server takes and every framework maps to a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderPrefix(Arc<str>);

/// Why a text is no [`HeaderPrefix`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrefix {
    /// It has another form.
    #[error(
        "must be the beginning of header names such as X-Acme: up to {MAX_LEN} letters, digits and single dashes between them, a letter first"
    )]
    Form,
    /// Its first word belongs to others.
    #[error("must not begin with `{0}-`, which HTTP or Standard Webhooks use themselves")]
    Taken(&'static str),
}

impl HeaderPrefix {
    /// The prefix where none is configured, and in texts of the code.
    pub const DEFAULT: &'static str = "X-RKT";

    /// As it was configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole name of one of our headers as the documents write it, such as `X-RKT-Event` for `Event`.
    #[must_use]
    pub fn name(&self, rest: &str) -> String {
        format!("{}-{rest}", self.0)
    }

    /// Whether a name, in small or capital letters, is one of ours, or could be.
    #[must_use]
    pub fn begins(&self, name: &str) -> bool {
        let ours = self.name("").to_ascii_lowercase();
        name.to_ascii_lowercase().starts_with(&ours)
    }

    /// A text of the code, in which headers have the default prefix, with this prefix in its place.
    #[must_use]
    pub fn put_into<'a>(&self, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        const WRITTEN: &str = "X-RKT-";
        let text = text.into();
        if &*self.0 == Self::DEFAULT || !text.contains(WRITTEN) {
            return text;
        }
        // Where somebody else put it in already, it stays.
        let ours = format!("{}-", self.0);
        text.replace(&ours, WRITTEN).replace(WRITTEN, &ours).into()
    }
}

impl Default for HeaderPrefix {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl FromStr for HeaderPrefix {
    type Err = InvalidPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidPrefix> {
        let has_form = text.len() <= MAX_LEN
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if !has_form {
            return Err(InvalidPrefix::Form);
        }
        let first = text.split('-').next().unwrap_or_default();
        match TAKEN.iter().find(|taken| first.eq_ignore_ascii_case(taken)) {
            Some(taken) => Err(InvalidPrefix::Taken(taken)),
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for HeaderPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The names of the headers of each delivery, as they are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderNames {
    /// The hex signature of the body.
    pub signature: String,
    /// The event's type.
    pub event: String,
    /// The delivery's id.
    pub delivery: String,
    /// Which attempt it is.
    pub attempt: String,
    /// That it is a replay.
    pub replay: String,
    /// That it is a test event.
    pub test: String,
}

impl HeaderNames {
    /// Whether one of them has this name, in small or capital letters.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let Self {
            signature,
            event,
            delivery,
            attempt,
            replay,
            test,
        } = self;
        [signature, event, delivery, attempt, replay, test]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl From<&HeaderPrefix> for HeaderNames {
    fn from(prefix: &HeaderPrefix) -> Self {
        Self {
            signature: prefix.name("Signature"),
            event: prefix.name("Event"),
            delivery: prefix.name("Delivery"),
            attempt: prefix.name("Attempt"),
            replay: prefix.name("Replay"),
            test: prefix.name("Test"),
        }
    }
}

#[cfg(test)]
mod tests;
