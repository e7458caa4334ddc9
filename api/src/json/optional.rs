//! A JSON body that may be left out.

use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaRequest, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::read::{check_form, parse_request, read_body, unpack};
use super::{JsonRequest, body_meta};
use crate::app::App;
use crate::problem::{Code, Problem};

/// A JSON body, or the default if the request has none, or `null`, which some clients send for none. One that came is read as strictly as any, and must be declared.
#[derive(Debug, Clone)]
pub struct OptionalJson<T>(pub T);

impl<T: JsonRequest + Default> OptionalJson<T> {
    async fn read(request: &Request, body: &mut RequestBody) -> Result<Self, Problem> {
        let app = App::of(request)?;
        let max_bytes = T::max_bytes(&app.allowance);
        let body = body.take().map_err(|_| Problem::new(Code::BadRequest))?;
        let bytes = read_body(body, max_bytes).await?;
        if is_nothing(&bytes) {
            return Ok(Self(T::default()));
        }
        let encoding = check_form(request)?;
        let bytes = unpack(bytes, encoding, max_bytes)?;
        if is_nothing(&bytes) {
            return Ok(Self(T::default()));
        }
        parse_request(&bytes, app).map(Self)
    }
}

fn is_nothing(body: &[u8]) -> bool {
    body.is_empty() || body.trim_ascii() == b"null"
}

impl<'a, T: JsonRequest + Default> ApiExtractor<'a> for OptionalJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(body_meta::<T>(false))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self::read(request, body).await?)
    }
}
