//! The headers of a delivery, as somebody pasted them.

use domain::id::{DeliveryId, EventId};

/// The most headers.
pub const MAX_HEADERS: usize = 100;

/// The longest header, name and value together, in bytes.
pub const MAX_HEADER_BYTES: usize = 8 * 1024;

/// Headers by name.
///
/// Names are compared as frameworks write them: whatever the case, with `_` for `-`, and with `HTTP_` in front (CGI).
/// Values are without white space around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    written: String,
    name: String,
    value: String,
}

/// Why headers are not looked at.
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
    /// Takes names and values.
    ///
    /// # Errors
    ///
    /// [`InvalidHeaders`] when they are too many, too long, or one is there twice.
    pub fn new(given: Vec<(String, String)>) -> Result<Self, InvalidHeaders> {
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
        Ok(Self(headers))
    }

    /// The value of a header, whose name is given in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|(_, value)| value)
    }

    /// A header's name as it was written, and its value.
    pub(crate) fn find(&self, name: &str) -> Option<(&str, &str)> {
        let header = self.0.iter().find(|header| header.name == name)?;
        Some((header.written.trim(), &header.value))
    }

    /// The event that the headers name.
    #[must_use]
    pub fn event(&self) -> Option<EventId> {
        self.id()
            .and_then(|id| id.parse().ok())
            .or_else(|| self.delivery().map(|delivery| delivery.event()))
    }

    /// `webhook-id`, also by the name that Svix gives it.
    pub(crate) fn id(&self) -> Option<&str> {
        self.get("webhook-id").or_else(|| self.get("svix-id"))
    }

    /// `webhook-timestamp`, also by the name that Svix gives it.
    pub(crate) fn timestamp(&self) -> Option<&str> {
        self.get("webhook-timestamp")
            .or_else(|| self.get("svix-timestamp"))
    }

    /// `X-RKT-Delivery`.
    pub(crate) fn delivery(&self) -> Option<DeliveryId> {
        self.get("x-rkt-delivery")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Result<Headers, InvalidHeaders> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Headers::new(pairs.collect())
    }

    #[test]
    fn names_are_found_as_frameworks_write_them() {
        for name in [
            "X-RKT-Signature",
            "x-rkt-signature",
            "X_RKT_SIGNATURE",
            "HTTP_X_RKT_SIGNATURE",
        ] {
            assert_eq!(
                headers(&[(name, " ab ")]).unwrap().find("x-rkt-signature"),
                Some((name, "ab"))
            );
        }
        assert_eq!(
            headers(&[("Host", "example.com")])
                .unwrap()
                .get("x-rkt-signature"),
            None
        );
    }

    #[test]
    fn the_event_is_named_by_its_id_or_by_the_delivery() {
        let (event, delivery) = (
            "evt_01kmnq8v3r5t7w9y1b3d5f7h9j",
            "dlv_01kmnq8v3r5t7w9y1b3d5f7h9j_7zq3k9m2x4t8w1v5",
        );
        for pairs in [
            vec![("webhook-id", event)],
            vec![("svix-id", event)],
            vec![("X-RKT-Delivery", delivery)],
            vec![("webhook-id", "msg_1"), ("X-RKT-Delivery", delivery)],
        ] {
            assert_eq!(headers(&pairs).unwrap().event().unwrap().as_str(), event);
        }
        assert_eq!(headers(&[("webhook-id", "msg_1")]).unwrap().event(), None);
    }

    #[test]
    fn they_are_bounded_and_each_is_there_once() {
        let many = |count: usize| {
            Headers::new(
                (0..count)
                    .map(|number| (format!("x-{number}"), String::new()))
                    .collect(),
            )
        };
        assert!(many(MAX_HEADERS).is_ok());
        assert_eq!(many(MAX_HEADERS + 1), Err(InvalidHeaders::TooMany));
        let long = |length: usize| headers(&[("abcd", &"x".repeat(length))]);
        assert!(long(MAX_HEADER_BYTES - 4).is_ok());
        assert_eq!(long(MAX_HEADER_BYTES - 3), Err(InvalidHeaders::TooLong));
        assert_eq!(
            headers(&[("Webhook-Id", "a"), ("webhook-id", "b")]),
            Err(InvalidHeaders::Twice("webhook-id".to_owned()))
        );
    }
}
