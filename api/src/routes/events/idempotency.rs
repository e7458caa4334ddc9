//! Idempotency keys: the header, and what makes two requests the same.

use std::borrow::Cow;

use domain::event::{EventType, Payload};
use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::Type as _;
use sha2::{Digest, Sha256};

use super::super::fields;
use super::super::schema::IdempotencyKey;
use crate::headers::HeaderParam;
use crate::problem::{Code, Problem};

const HEADER: &str = "Idempotency-Key";

/// The value of the header `Idempotency-Key`.
#[derive(Debug)]
pub(crate) struct IdempotencyHeader(pub(crate) String);

impl IdempotencyHeader {
    /// The key of an item of a batch that has none of its own. Nobody can give this key by itself, since keys have no spaces.
    pub(super) fn of_item(&self, place: usize) -> String {
        format!("{} {place}", plain(&self.0))
    }
}

impl HeaderParam for IdempotencyHeader {
    const NAME: &'static str = HEADER;

    fn schema() -> MetaSchemaRef {
        IdempotencyKey::schema_ref()
    }

    fn read(text: &str) -> Result<Self, Problem> {
        fields::idempotency_key(text, HEADER).map(Self)
    }

    fn malformed() -> Problem {
        Problem::new(Code::InvalidIdempotencyKey).field(HEADER)
    }

    fn repeated() -> Problem {
        Self::malformed().detail("Give the header Idempotency-Key once.")
    }
}

/// A key without its quotes: `"k1"`, as a structured field (RFC 9651) has it, and `k1` are the same key.
pub(crate) fn plain(key: &str) -> Cow<'_, str> {
    unquoted(key).map_or(Cow::Borrowed(key), Cow::Owned)
}

/// What is in the quotes of a string of a structured field; `None` if it is none, or empty.
fn unquoted(key: &str) -> Option<String> {
    let inner = key.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '"' => return None,
            '\\' => characters
                .next()
                .filter(|escaped| matches!(escaped, '"' | '\\'))?,
            other => other,
        });
    }
    (!plain.is_empty()).then_some(plain)
}

/// A hash of what the caller sent: the time that we fill in when there is none is no part of it.
///
/// It is kept with the key for a day, so it has to stay the same from one release to the next.
pub(super) fn fingerprint(
    event: EventType,
    chatbot_id: &str,
    time: Option<&str>,
    payload: &Payload,
) -> String {
    let mut hash = Sha256::new();
    for part in [event.as_str(), chatbot_id, time.unwrap_or("-")] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(b",\"data\":");
    hash.update(payload.data());
    hash.update(b"}");
    hex::encode(&hash.finalize()[..16])
}
