//! The headers of every answer, how long the head of a request may be, and headers that a request may give only once.

pub(crate) mod host;

mod if_match;

mod once;

mod trace_parent;

pub(crate) use if_match::IfMatch;
pub(crate) use once::{HeaderParam, OnceHeader, Repeated, once};
pub(crate) use trace_parent::TraceParent;

use poem::Request;
use poem::http::HeaderValue;
use poem::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

/// What every answer tells browsers, unless the call says something else: not to guess its type, run it, frame it, embed it
/// elsewhere, keep it, or tell other sites of it.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// The longest head of a request that we accept, in bytes. The connection takes twice as much, so that a problem document can
/// say what is wrong with those in between.
const MAX_HEAD: usize = 16 << 10;

/// The most fields in a head that we accept; the connection takes 256.
const MAX_FIELDS: usize = 64;

/// Adds the headers of every answer.
pub(crate) fn secure(headers: &mut HeaderMap) {
    let may_be_framed = may_be_framed(headers);
    for (name, value) in &ALWAYS {
        let is_left_out = may_be_framed && name == X_FRAME_OPTIONS;
        if !headers.contains_key(name) && !is_left_out {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// Whether the policy of an answer names somebody who may frame it: `X-Frame-Options`, which can't, would only contradict it.
fn may_be_framed(headers: &HeaderMap) -> bool {
    let policy = headers
        .get(CONTENT_SECURITY_POLICY)
        .and_then(|value| value.to_str().ok());
    let mut directives = policy.into_iter().flat_map(|policy| policy.split("; "));
    directives.any(|directive| {
        directive
            .strip_prefix("frame-ancestors ")
            .is_some_and(|who| who != "'none'")
    })
}

/// Whether the head of a request is too long, or has too many fields.
pub(crate) fn is_too_large(request: &Request) -> bool {
    let headers = request.headers();
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    let fields: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    headers.len() > MAX_FIELDS || target + fields > MAX_HEAD
}
