//! Which web pages may call the API from a browser (CORS): those of the configured origins, and no others.
//!
//! A page sends its token in `Authorization`, which it sets itself. So the API lets no cookies through (it never sends
//! `Access-Control-Allow-Credentials`), and names no origin that isn't configured.

use std::str::FromStr;

use poem::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};
use poem::http::{Method, StatusCode};
use poem::{Request, Response};
use program::config::split_list;
use url::Url;

use crate::headers::once;

/// The headers that a page may send: those that our calls read, and those that tracing and HTTP libraries add to every request.
/// A library's header that isn't listed would keep the whole request from being sent.
const ALLOWED: HeaderValue = HeaderValue::from_static(
    "Authorization, Baggage, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Sentry-Trace, Traceparent, Tracestate, \
     X-Request-Id, X-Requested-With",
);

/// The headers of our answers that a page may read, beside those that it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Allow, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
);

/// The methods that are allowed on every path, whatever it takes, or whether it exists: the browser then sends the request, and the page can
/// read the 404, or the 405, which names the call that was meant.
const METHODS: &str = "DELETE, GET, HEAD, PATCH, POST, PUT";

/// How long a browser may keep the answer to a preflight request, in seconds.
const MAX_AGE: u32 = 600;

/// The origins of `CORS_ORIGINS`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        split_list(text)
            .map(parse_origin)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Parses an origin, which must be written exactly as browsers write it: we compare texts.
fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || format!("`{text}` is not an origin such as https://app.example.com");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let written = url.origin().ascii_serialization();
    if !matches!(url.scheme(), "https" | "http") {
        return Err(wrong());
    }
    if written != text {
        return Err(format!("{}; did you mean {written}?", wrong()));
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}

impl Origins {
    /// Each as it was configured.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|origin| origin.to_str().ok())
    }

    /// The answer to a preflight request of a configured origin.
    pub(crate) fn preflight(&self, request: &Request) -> Option<Response> {
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || self.known_origin(request.headers()).is_none() {
            return None;
        }
        let response = Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .header(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED)
            .header(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response.finish())
    }

    /// The origin of the page that makes a request, if it is a configured one.
    pub(crate) fn known_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = once(headers, ORIGIN).ok().flatten()?;
        self.0.contains(origin).then(|| origin.clone())
    }

    /// Lets the page of this origin read the answer.
    pub(crate) fn add_headers(&self, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        // Even if this page may not read the answer: a cache must not hand that answer to a page that may.
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

#[cfg(test)]
mod tests;
