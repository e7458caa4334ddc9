//! The endpoint that a call is about: named in its path, in its query (`?id=ep_…`) or in its body (`{"id":"ep_…"}`), as clients guess
//! it. Whoever names it twice must name the same one.

use std::borrow::Cow;

use domain::id::EndpointId;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::types::Type as _;
use serde::Deserialize;

use super::super::fields;
use crate::json;
use crate::parameter::parameter;
use crate::problem::{Code, Problem};

/// The longest body that is looked at for the name of an endpoint, in bytes.
const MAX_BODY: usize = 16 * 1024;

/// The one endpoint that all these name.
///
/// # Errors
///
/// [`Problem`] when none is named, or two are, or the one that is named can't exist.
pub(super) fn only_one<'a>(names: impl IntoIterator<Item = Option<&'a str>>) -> Result<EndpointId, Problem> {
    let mut names = names.into_iter().flatten();
    let id = names.next().ok_or_else(|| {
        Problem::new(Code::MissingField)
            .detail("Name the endpoint: `?id=<endpoint id>` in the query, or `id` in the body.")
            .field("id")
    })?;
    if names.any(|other| other != id) {
        return Err(Problem::new(Code::InvalidValue)
            .detail("The request names two endpoints: name one of them, and send the request again.")
            .field("id"));
    }
    fields::endpoint_id(id)
}

/// Nothing else names an endpoint where the body names many.
///
/// # Errors
///
/// [`Problem`] when something does.
pub(super) fn not_named<'a>(names: impl IntoIterator<Item = Option<&'a str>>) -> Result<(), Problem> {
    match names.into_iter().flatten().next() {
        None => Ok(()),
        Some(_) => Err(Problem::new(Code::InvalidValue)
            .detail("The body names the endpoints in `ids`: name none in the query.")
            .field("id")),
    }
}

/// The parameter `id` of a query, as often as it is there. The document says that it is `REQUIRED` where it is the usual way to
/// name the endpoint, or the key.
#[derive(Debug)]
pub(in crate::routes) struct QueryId<const REQUIRED: bool>(Vec<String>);

impl<const REQUIRED: bool> QueryId<REQUIRED> {
    /// The names in it.
    pub(in crate::routes) fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|name| Some(name.as_str()))
    }

    fn read(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self(
            pairs
                .filter(|(name, _)| name == "id")
                .map(|(_, id)| id.into_owned())
                .collect(),
        )
    }
}

parameter!(
    [const REQUIRED: bool] QueryId<REQUIRED>:
    in Query, required REQUIRED, schema String::schema_ref(),
    read |request| Ok(Self::read(request.uri().query().unwrap_or_default()))
);

/// The `id` in the body of a request that needs none: whatever else the body holds is nobody's concern, as it always was. The
/// document doesn't show it, since OpenAPI gives `DELETE` no body.
#[derive(Debug)]
pub(super) struct BodyId(Option<String>);

impl BodyId {
    /// The name in it.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    fn read(bytes: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            id: Option<Cow<'a, str>>,
        }
        // serde would read the struct from an array, too.
        let is_object = bytes.trim_ascii_start().starts_with(b"{");
        let named = is_object.then(|| serde_json::from_slice::<Named<'_>>(bytes).ok());
        Self(named.flatten().and_then(|named| named.id).map(Cow::into_owned))
    }
}

impl<'a> FromRequest<'a> for BodyId {
    async fn from_request(_request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        Ok(Self::read(&json::read_whole(body, MAX_BODY).await?))
    }
}

#[cfg(test)]
mod tests;
