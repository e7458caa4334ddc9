//! Idempotency keys: the header, and what makes two requests the same.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::clock::Timestamp;
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

/// What stands for a request: four characters for all of it, then two each for its event type, its chatbot, its time and its data, by
/// which a conflict says what differs. Another spelling of the same instant is the same time.
///
/// It is kept with the key for a day, so it has to stay the same from one release to the next.
pub(super) fn parts(
    event: EventType,
    chatbot_id: &str,
    time: Option<Timestamp>,
    payload: &Payload,
) -> String {
    let time = time.map_or_else(|| "-".to_owned(), |time| time.as_millis().to_string());
    let each = [
        Sha256::digest(event.as_str()),
        Sha256::digest(chatbot_id),
        Sha256::digest(time),
        Sha256::digest(payload.data()),
    ];
    let start = |digest: &[u8], length: usize| {
        let mut text = URL_SAFE_NO_PAD.encode(digest);
        text.truncate(length);
        text
    };
    let whole = start(&Sha256::digest(each.concat()), 4);
    each.iter().fold(whole, |text, digest| text + &start(digest, 2))
}

/// A hash of what the caller sent, by which the previous release compares: the time that we fill in when there is none is no part of it.
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
