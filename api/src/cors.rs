//! Which web pages may call the API from a browser (CORS): those of the configured origins, and no others.
//!
//! Tokens travel in `Authorization`, which a page must set itself, so no cookies are let through (no
//! `Access-Control-Allow-Credentials`), and no origin is ever answered that was not configured.

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

/// The headers that our calls read.
const READ: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id");

/// The headers of our answers that a page may read beside the usual ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Allow, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
);

/// How long a browser may remember, in seconds.
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

/// An origin exactly as browsers write it, since that is what it is compared with.
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
    /// The answer to a preflight request of a configured origin, for a path that takes the methods in `allow`.
    pub(crate) fn preflight(&self, request: &Request, allow: &str) -> Option<Response> {
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || self.asking(request.headers()).is_none() {
            return None;
        }
        let response = Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(ACCESS_CONTROL_ALLOW_METHODS, allow)
            .header(ACCESS_CONTROL_ALLOW_HEADERS, READ)
            .header(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response.finish())
    }

    /// The origin that a request comes from, if it is a configured one.
    pub(crate) fn asking(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = once(headers, ORIGIN).ok().flatten()?;
        self.0.contains(origin).then(|| origin.clone())
    }

    /// Lets the page of this origin read the answer.
    pub(crate) fn complete(&self, asking: Option<HeaderValue>, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        // Also where none is let in: a cache must not give that answer to a page that is.
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = asking {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

#[cfg(test)]
mod tests;
