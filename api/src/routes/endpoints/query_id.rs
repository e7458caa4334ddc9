//! The endpoint that a call names in its query: `?id=ep_…`.

use domain::id::EndpointId;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::super::fields;
use crate::problem::{Code, Problem};

/// The parameter `id` of a query. A request without it is told how to name the endpoint.
#[derive(Debug)]
pub(super) struct QueryId(pub(super) EndpointId);

impl QueryId {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let (_, id) = pairs.find(|(name, _)| name == "id").ok_or_else(|| {
            Problem::new(Code::MissingField)
                .detail("Name the endpoint in the query: `?id=<endpoint id>`.")
                .field("id")
        })?;
        Ok(Self(fields::endpoint_id(&id)?))
    }
}

impl<'a> ApiExtractor<'a> for QueryId {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self::read(request.uri().query().unwrap_or_default())?)
    }
}
