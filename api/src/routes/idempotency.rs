//! Idempotency keys: the header, and their spellings.

use std::borrow::Cow;

use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::Type as _;

use super::fields;
use super::schema::IdempotencyKey;
use crate::headers::HeaderParam;
use crate::problem::{Code, Problem};

const HEADER: &str = "Idempotency-Key";

/// The value of the header `Idempotency-Key`.
#[derive(Debug)]
pub(crate) struct IdempotencyHeader(pub(crate) String);

impl IdempotencyHeader {
    /// The key of an item of a batch that has none of its own. Nobody can give this key by itself, since keys have no spaces.
    pub(crate) fn of_item(&self, place: usize) -> String {
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
