//! JSON bodies, read strictly.
//!
//! [`Json`] reads at most as many bytes as the request type allows, whether or not the client declared a length;
//! wants `application/json` in UTF-8; accepts no unknown field, no field twice and no array in place of an object;
//! and says which field is wrong. Nothing passes through a generic JSON value, so raw parts keep their bytes.
//! [`OptionalJson`] is the same for calls whose fields can all be left out: there the body can be, too.

mod optional;

pub use optional::OptionalJson;

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use poem::http::{StatusCode, header};
use poem::{Body, IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{
    MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::allowance::Allowance;
use crate::app::App;
use crate::problem::{Code, Problem};

/// A type that a request's JSON body is read into.
pub trait JsonRequest: Type + DeserializeOwned {
    /// How long the body may be, in bytes. The default is more than a body without large texts needs.
    fn max_bytes(_: &Allowance) -> usize {
        16 * 1024
    }
}

/// A JSON body.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: JsonRequest> Json<T> {
    async fn read(request: &Request, body: &mut RequestBody) -> Result<Self, Problem> {
        let max_bytes = T::max_bytes(&App::of(request)?.allowance);
        check_form(request)?;
        let declared = request
            .header(header::CONTENT_LENGTH)
            .and_then(|text| text.parse::<u64>().ok());
        if declared.is_some_and(|length| length > max_bytes as u64) {
            return Err(too_large(max_bytes));
        }
        let body = body.take().map_err(|_| Problem::new(Code::BadRequest))?;
        parse(&read_body(body, max_bytes).await?).map(Self)
    }
}

/// How the OpenAPI document describes such a body.
fn body_meta<T: Type>(required: bool) -> MetaRequest {
    MetaRequest {
        description: None,
        content: vec![MetaMediaType {
            content_type: <Json<T> as Payload>::CONTENT_TYPE,
            schema: T::schema_ref(),
        }],
        required,
    }
}

/// Declared as JSON, and not compressed.
fn check_form(request: &Request) -> Result<(), Problem> {
    check_content_type(request.content_type())?;
    let encoding = request.header(header::CONTENT_ENCODING).unwrap_or("identity");
    if encoding.eq_ignore_ascii_case("identity") {
        Ok(())
    } else {
        Err(Problem::new(Code::UnsupportedMediaType)
            .detail("Send the body as it is, without compressing it (no `Content-Encoding`)."))
    }
}

/// `application/json`, with `charset=utf-8` at most.
fn check_content_type(content_type: Option<&str>) -> Result<(), Problem> {
    let mut parts = content_type.unwrap_or_default().split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter(|part: &&str| !str::is_empty(part)).all(|parameter| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    if is_json && is_utf8 {
        Ok(())
    } else {
        Err(Problem::new(Code::UnsupportedMediaType))
    }
}

fn too_large(max_bytes: usize) -> Problem {
    Problem::new(Code::BodyTooLarge).detail(format!(
        "The body may be {max_bytes} bytes long. Send a shorter one, or split it into several requests."
    ))
}

/// Reads a body up to a limit.
async fn read_body(body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let mut chunks = std::pin::pin!(body.into_bytes_stream());
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Problem::new(Code::RequestTimeout),
            _ => Problem::new(Code::BadRequest).detail("The body ended early: send it again as a whole."),
        })?;
        if first.len() + all.len() + chunk.len() > max_bytes {
            return Err(too_large(max_bytes));
        }
        if first.is_empty() && all.is_empty() {
            // Nearly every body comes in one piece: it is not copied.
            first = chunk;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
                first = Bytes::new();
            }
            all.extend_from_slice(&chunk);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Reads an object from JSON bytes.
///
/// # Errors
///
/// [`Problem`] with the place or the field when they are not exactly what is wanted.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::new(Code::InvalidUtf8).detail(format!(
            "The body is not UTF-8 from byte {} on. Encode it as UTF-8.",
            error.valid_up_to()
        ))
    })?;
    parse_object(text)
}

/// Reads an object from JSON text.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn parse_object<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // A derived struct would also be read from an array; only objects are documented.
    if text.trim_ascii_start().starts_with('[') {
        serde_json::from_str::<serde::de::IgnoredAny>(text)?;
        return Err(Problem::new(Code::InvalidType).detail("The body must be a JSON object."));
    }
    let value = serde_path_to_error::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: JsonRequest> ParsePayload for Json<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        Ok(Self::read(request, body).await?)
    }
}

impl<'a, T: JsonRequest> ApiExtractor<'a> for Json<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(body_meta::<T>(true))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self::read(request, body).await?)
    }
}

impl<T: Serialize + Send> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => Response::builder()
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::CACHE_CONTROL, "no-store")
                .body(body),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                Problem::new(Code::InternalError).into_response()
            }
        }
    }
}

impl<T: Type> ApiResponse for Json<T> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "",
                status: Some(StatusCode::OK.as_u16()),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: <Self as Payload>::CONTENT_TYPE,
                    schema: T::schema_ref(),
                }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

#[cfg(test)]
mod tests;
