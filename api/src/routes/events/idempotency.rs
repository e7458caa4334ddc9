//! Idempotency keys: the header, and what makes two requests the same.

use domain::event::{EventType, Payload};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use sha2::{Digest, Sha256};

use super::super::fields;
use super::super::schema::IdempotencyKey;
use crate::problem::{Code, Problem};

const HEADER: &str = "Idempotency-Key";

/// The header `Idempotency-Key`, if it was given.
#[derive(Debug)]
pub(crate) struct IdempotencyHeader(pub(crate) Option<String>);

impl<'a> ApiExtractor<'a> for IdempotencyHeader {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(IdempotencyKey::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let mut values = request.headers().get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let wrong = || Problem::new(Code::InvalidIdempotencyKey).field(HEADER);
        if values.next().is_some() {
            return Err(wrong().detail("Give the header Idempotency-Key once.").into());
        }
        let text = value.to_str().map_err(|_| wrong())?;
        Ok(Self(Some(fields::idempotency_key(text, HEADER)?)))
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
