//! A JSON body that may be left out.

use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaRequest, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::read::{check_form, parse, read_body};
use super::{JsonRequest, body_meta};
use crate::app::App;
use crate::problem::{Code, Problem};

/// A JSON body; the default where none was sent. One that is there is read as strictly as any, and must be declared.
#[derive(Debug, Clone)]
pub struct OptionalJson<T>(pub T);

impl<T: JsonRequest + Default> OptionalJson<T> {
    async fn read(request: &Request, body: &mut RequestBody) -> Result<Self, Problem> {
        let max_bytes = T::max_bytes(&App::of(request)?.allowance);
        let body = body.take().map_err(|_| Problem::new(Code::BadRequest))?;
        let bytes = read_body(body, max_bytes).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        check_form(request)?;
        parse(&bytes).map(Self)
    }
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
