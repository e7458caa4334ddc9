//! The body of a change: of one endpoint, or of those that `ids` names. The document shows the first, and a call of its own for the second.

use poem::{IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::registry::{MetaRequest, MetaResponses, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::bulk::{ChangeEndpoints, ChangedEndpoints};
use super::change::ChangeEndpoint;
use super::made::Changed;
use crate::json::{self, Json};

type One = Json<ChangeEndpoint>;

/// What a request wants to change.
#[derive(Debug)]
pub(super) enum OneOrMany {
    One(ChangeEndpoint),
    Many(ChangeEndpoints),
}

/// Whether a body is an object that has `ids`.
fn has_ids(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        ids: Option<IgnoredAny>,
    }
    // serde would read the struct from an array, too.
    bytes.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<Named>(bytes).is_ok_and(|named| named.ids.is_some())
}

/// The answer to either.
#[derive(Debug)]
pub(super) enum ChangedOneOrMany {
    One(Box<Changed>),
    Many(Json<ChangedEndpoints>),
}

impl IntoResponse for ChangedOneOrMany {
    fn into_response(self) -> Response {
        match self {
            Self::One(one) => (*one).into_response(),
            Self::Many(many) => many.into_response(),
        }
    }
}

impl ApiResponse for ChangedOneOrMany {
    fn meta() -> MetaResponses {
        Changed::meta()
    }

    fn register(registry: &mut Registry) {
        Changed::register(registry);
    }
}

impl<'a> ApiExtractor<'a> for OneOrMany {
    const TYPES: &'static [ApiExtractorType] = One::TYPES;

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <One as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        One::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if has_ids(&json::peek::<ChangeEndpoint>(request, body).await?) {
            let Json(many) =
                <Json<ChangeEndpoints> as ApiExtractor>::from_request(request, body, options).await?;
            return Ok(Self::Many(many));
        }
        let Json(one) = <One as ApiExtractor>::from_request(request, body, options).await?;
        Ok(Self::One(one))
    }
}

#[cfg(test)]
mod tests;
