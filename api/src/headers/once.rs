//! Headers that a request may give once at most: whoever gives one twice is refused, since nobody knows which one counts.

use poem::http::header::AsHeaderName;
use poem::http::{HeaderMap, HeaderValue};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaParamIn, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::problem::Problem;

/// A header came more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeated;

/// The only value of a header; `None` if it was not given.
pub(crate) fn once(
    headers: &HeaderMap,
    name: impl AsHeaderName,
) -> std::result::Result<Option<&HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(Repeated),
        None => Ok(first),
    }
}

/// What a call reads from a header that may come once at most.
pub(crate) trait HeaderParam: Sized {
    /// The header's name.
    const NAME: &'static str;

    /// What its value looks like, for the OpenAPI document.
    fn schema() -> MetaSchemaRef;

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// [`Problem`] when it can't be one.
    fn read(text: &str) -> Result<Self, Problem>;

    /// The refusal of a value that isn't text.
    fn malformed() -> Problem;

    /// The refusal of a header that came more than once.
    fn repeated() -> Problem {
        Self::malformed()
    }
}

/// A header that a call takes, if it was given.
#[derive(Debug)]
pub(crate) struct OnceHeader<T>(pub(crate) Option<T>);

impl<T: HeaderParam> OnceHeader<T> {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = once(headers, T::NAME).map_err(|Repeated| T::repeated())? else {
            return Ok(Self(None));
        };
        let text = value.to_str().map_err(|_| T::malformed())?;
        T::read(text).map(Some).map(Self)
    }
}

impl<'a, T: HeaderParam> ApiExtractor<'a> for OnceHeader<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema())
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self::of(request.headers())?)
    }
}

#[cfg(test)]
mod tests;
