//! The headers of a request, as somebody pasted them.

use domain::header_names::HeaderPrefix;
use domain::id::{DeliveryId, EventId};

/// The most headers.
pub const MAX_HEADERS: usize = 100;

/// The longest header, name and value together, in bytes.
pub const MAX_HEADER_BYTES: usize = 8 * 1024;

/// Headers by name; ours begin with the prefix that is configured.
///
/// Frameworks write names in their own ways, so case doesn't matter, `_` counts as `-`, and `HTTP_` in front (CGI) is
/// dropped. White space around values is dropped, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    given: Vec<Header>,
    prefix: HeaderPrefix,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    written: String,
    name: String,
    value: String,
}

/// Why the doctor doesn't look at these headers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeaders {
    /// More than [`MAX_HEADERS`].
    #[error("at most {MAX_HEADERS} headers can be given")]
    TooMany,
    /// Longer than [`MAX_HEADER_BYTES`].
    #[error("a header may be {MAX_HEADER_BYTES} bytes long, name and value together")]
    TooLong,
    /// The same name twice; this is its start.
    #[error("the header `{0}` is given twice")]
    Twice(String),
}

impl Headers {
    /// Reads names and values, of which ours begin with `prefix`.
    ///
    /// # Errors
    ///
    /// [`InvalidHeaders`] when there are too many, one is too long, or one is there twice.
    pub fn new(given: Vec<(String, String)>, prefix: HeaderPrefix) -> Result<Self, InvalidHeaders> {
        if given.len() > MAX_HEADERS {
            return Err(InvalidHeaders::TooMany);
        }
        let mut headers: Vec<Header> = Vec::with_capacity(given.len());
        for (written, value) in given {
            if written.len() + value.len() > MAX_HEADER_BYTES {
                return Err(InvalidHeaders::TooLong);
            }
            let name = written.trim().to_ascii_lowercase().replace('_', "-");
            let name = name.strip_prefix("http-").unwrap_or(&name).to_owned();
            if headers.iter().any(|header| header.name == name) {
                return Err(InvalidHeaders::Twice(name.chars().take(64).collect()));
            }
            headers.push(Header {
                written,
                name,
                value: value.trim().to_owned(),
            });
        }
        Ok(Self {
            given: headers,
            prefix,
        })
    }

    /// The value of a header; capitals don't matter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|(_, value)| value)
    }

    /// A header's name as it was written, and its value; capitals of the name to look for don't matter.
    pub(crate) fn find(&self, name: &str) -> Option<(&str, &str)> {
        let header = self
            .given
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some((header.written.trim(), &header.value))
    }

    /// What the names of ours begin with.
    #[must_use]
    pub const fn prefix(&self) -> &HeaderPrefix {
        &self.prefix
    }

    /// One of ours, as [`Headers::find`]; `rest` is its name behind the prefix.
    pub(crate) fn find_ours(&self, rest: &str) -> Option<(&str, &str)> {
        self.find(&self.prefix.name(rest))
    }

    /// The event that the headers name.
    #[must_use]
    pub fn event(&self) -> Option<EventId> {
        self.id()
            .and_then(|id| id.parse().ok())
            .or_else(|| self.delivery().map(|delivery| delivery.event()))
    }

    /// `webhook-id`, or `svix-id`.
    pub(crate) fn id(&self) -> Option<&str> {
        self.get("webhook-id").or_else(|| self.get("svix-id"))
    }

    /// `webhook-timestamp`, or `svix-timestamp`.
    pub(crate) fn timestamp(&self) -> Option<&str> {
        self.get("webhook-timestamp")
            .or_else(|| self.get("svix-timestamp"))
    }

    /// `X-RKT-Delivery`.
    pub(crate) fn delivery(&self) -> Option<DeliveryId> {
        let (_, value) = self.find_ours("delivery")?;
        value.parse().ok()
    }
}

#[cfg(test)]
mod tests;
