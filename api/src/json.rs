//! JSON bodies, read strictly.
//!
//! [`Json`] reads at most as many bytes as the type allows, whether or not the client declared a length. It wants
//! `application/json` in UTF-8, as it is or packed with gzip, accepts no unknown field, no field twice and no array in place of an object, and says which
//! fields are wrong. It makes no generic JSON value on the way, so raw parts keep their bytes. [`OptionalJson`] does the same for
//! calls all of whose fields may be left out: there the body may be left out, too, or be `null`.

mod optional;

mod members;

mod read;

#[cfg(test)]
pub(crate) use members::tests::assert_required_is_right;
pub use optional::OptionalJson;
#[cfg(test)]
pub(crate) use read::parse;
pub(crate) use read::parse_object;

use bytes::Bytes;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Request, RequestBody, Response, Result};
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
use read::{Encoding, check_form, parse_request, read_body, too_large, unpack};

/// How long a body may be unless its type allows more.
const MAX_BYTES: usize = 16 * 1024;

/// A type that we read from the JSON body of a request.
pub trait JsonRequest: Type + DeserializeOwned {
    /// How long the body may be, in bytes. The default is more than a body without large texts needs.
    fn max_bytes(_: &Allowance) -> usize {
        MAX_BYTES
    }

    /// A good value for each field that must be there, by name, as JSON text: it stands for one that is missing while the others are
    /// looked at.
    const REQUIRED: &'static [(&'static str, &'static str)] = &[];

    /// What is wrong with the values, as far as it can be said without the store. It is asked if something else is wrong with the
    /// body, so that all is told at once; the call itself reads the values.
    fn fault(self, _app: &App) -> Option<Problem> {
        None
    }
}

/// A JSON body.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: JsonRequest> Json<T> {
    async fn read(request: &Request, body: &mut RequestBody) -> Result<Self, Problem> {
        let (body, encoding, max_bytes) = take::<T>(request, body).await?;
        parse_request(&unpack(body, encoding, max_bytes)?, App::of(request)?).map(Self)
    }
}

/// Takes the body of a request as it came: how it is packed, and how long it may be.
async fn take<T: JsonRequest>(
    request: &Request,
    body: &mut RequestBody,
) -> Result<(Bytes, Encoding, usize), Problem> {
    let max_bytes = T::max_bytes(&App::of(request)?.allowance);
    let encoding = check_form(request)?;
    if declared_length(request).is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large(max_bytes));
    }
    let body = body.take().map_err(|_| Problem::new(Code::BadRequest))?;
    Ok((read_body(body, max_bytes).await?, encoding, max_bytes))
}

/// What the client says of the length of its body.
fn declared_length(request: &Request) -> Option<u64> {
    request.header(header::CONTENT_LENGTH)?.parse().ok()
}

/// Waits until all of a body has come, and leaves it in place, if it is to be as short as most are.
///
/// # Errors
///
/// [`Problem`] when it doesn't come.
pub(crate) async fn await_whole(request: &Request, body: &mut RequestBody) -> Result<(), Problem> {
    if declared_length(request).is_some_and(|length| length > 0 && length <= MAX_BYTES as u64) {
        let bytes = read_whole(body, MAX_BYTES).await?;
        *body = RequestBody::new(bytes.into());
    }
    Ok(())
}

/// The body of a request, unpacked, and left in place for [`Json`] of this type.
///
/// # Errors
///
/// [`Problem`] when [`Json`] couldn't read it either.
pub(crate) async fn peek<T: JsonRequest>(
    request: &Request,
    body: &mut RequestBody,
) -> Result<Bytes, Problem> {
    let (bytes, encoding, max_bytes) = take::<T>(request, body).await?;
    *body = RequestBody::new(bytes.clone().into());
    unpack(bytes, encoding, max_bytes)
}

/// Reads the body of a request, whatever is in it.
///
/// # Errors
///
/// [`Problem`] when it is longer than `max_bytes`, or doesn't come.
pub(crate) async fn read_whole(body: &mut RequestBody, max_bytes: usize) -> Result<Bytes, Problem> {
    let body = body.take().map_err(|_| Problem::new(Code::BadRequest))?;
    read_body(body, max_bytes).await
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
