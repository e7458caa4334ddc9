//! The header `traceparent`: the caller's own trace. One that is wrong, or comes twice, is as good as none, as its specification wants it: no
//! call fails because of its tracing.

use domain::trace::{self, TraceContext};
use poem::http::HeaderMap;
use poem_openapi::types::Type as _;

use super::once;
use crate::parameter::parameter;

/// The caller's place in its trace, if it told one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TraceParent(pub(crate) Option<TraceContext>);

impl TraceParent {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let value = once(headers, trace::HEADER).ok().flatten();
        Self(value.and_then(|value| TraceContext::parse(value.to_str().ok()?)))
    }
}

parameter!(
    [] TraceParent:
    in Header, required false, schema String::schema_ref(), read |request| Ok(Self::of(request.headers()))
);

#[cfg(test)]
mod tests;
