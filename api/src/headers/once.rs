//! Headers that a request may give once at most. If one comes twice, nobody can know which counts.

use poem::http::header::AsHeaderName;
use poem::http::{HeaderMap, HeaderValue};
use poem_openapi::registry::MetaSchemaRef;

use crate::parameter::parameter;
use crate::problem::Problem;

/// A header came more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeated;

/// The only value of a header, if the request gave one.
pub(crate) fn once(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(Repeated),
        None => Ok(first),
    }
}

/// What a call reads from a header.
pub(crate) trait HeaderParam: Sized {
    /// The header's name.
    const NAME: &'static str;

    /// How the OpenAPI document describes the value.
    fn schema() -> MetaSchemaRef;

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// [`Problem`] when the header can't have this value.
    fn read(text: &str) -> Result<Self, Problem>;

    /// The refusal of a value that isn't text.
    fn malformed() -> Problem;

    /// The refusal of a header that came more than once.
    fn repeated() -> Problem {
        Self::malformed()
    }
}

/// A header that a call takes at most once, if the request gave it.
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

parameter!(
    [T: HeaderParam] OnceHeader<T>:
    in Header, required false, schema T::schema(), read |request| Self::of(request.headers())
);

#[cfg(test)]
mod tests;
