//! Idempotency keys: the header, and what makes two requests the same.

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
