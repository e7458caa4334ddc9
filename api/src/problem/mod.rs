//! Problems: the form of every error of this API (`application/problem+json`, RFC 9457).
//!
//! A [`Problem`] has a stable [`Code`], a sentence that says what to do, and the field concerned. If several things are wrong, it tells
//! them all (`Faults`). Errors of other layers become problems in `convert` and nowhere else.

mod code;

mod params;

mod code_name;

mod fault;

mod body;

mod faults;

mod convert;

pub use body::{FaultBody, ProblemBody};
pub use code::Code;
pub use code_name::CodeName;
pub(crate) use convert::answer_to;
pub use convert::{from_panic, replace_foreign_error};
pub(crate) use faults::Faults;

use std::borrow::Cow;
use std::fmt;

use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use serde::Serialize;
use serde_json::Value;

use self::fault::Fault;
use self::faults::MAX_FAULTS;

/// The media type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error as the client will see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    first: Fault,
    others: Vec<Fault>,
    retry_after: Option<u32>,
    allow: Option<Box<str>>,
}

impl Problem {
    /// A problem whose detail is the advice of its code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self {
            first: Fault {
                code,
                detail: Cow::Borrowed(code.advice()),
                field: None,
                params: Vec::new(),
            },
            others: Vec::new(),
            retry_after: None,
            allow: None,
        }
    }

    /// Replaces the advice by something more precise.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.first.detail = detail.into();
        self
    }

    /// Names the field or parameter concerned.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.first.field = Some(field.into().into_boxed_str());
        self
    }

    /// Adds what a text in another language needs beside the code, which declares it ([`Code::params`]).
    #[must_use]
    pub fn param(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        debug_assert!(
            self.first.code.params().iter().any(|(known, _)| *known == name),
            "{} declares no parameter `{name}`",
            self.first.code.as_str()
        );
        self.first.params.push((name, value.into()));
        self
    }

    /// Tells what else is wrong, as long as it isn't too much.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        let room = MAX_FAULTS.saturating_sub(1 + self.others.len());
        let further = std::iter::once(other.first).chain(other.others);
        self.others.extend(further.take(room));
        self
    }

    /// Makes what is wrong with an object one that is wrong within a field.
    #[must_use]
    pub(crate) fn within(mut self, parent: &str) -> Self {
        for fault in std::iter::once(&mut self.first).chain(&mut self.others) {
            let inner = fault.field.take();
            let whole = inner.map_or_else(|| parent.to_owned(), |inner| format!("{parent}.{inner}"));
            fault.field = Some(whole.into_boxed_str());
        }
        self
    }

    /// All that is wrong.
    fn faults(&self) -> impl Iterator<Item = &Fault> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Tells the client to try again after some seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Lists the methods that the path takes, for the header `Allow`.
    #[must_use]
    pub fn allow(self, methods: impl Into<String>) -> Self {
        Self {
            allow: Some(methods.into().into_boxed_str()),
            ..self
        }
    }

    /// What went wrong.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.first.code
    }

    /// The HTTP status.
    #[must_use]
    pub const fn http_status(&self) -> StatusCode {
        self.first.code.status()
    }

    /// After how many seconds to try again, if it says so.
    #[must_use]
    pub const fn seconds_to_wait(&self) -> Option<u32> {
        self.retry_after
    }

    /// The answer, with more members in its document.
    pub(crate) fn with_members(&self, members: &impl Serialize) -> Response {
        #[derive(Serialize)]
        struct Extended<'a, T> {
            #[serde(flatten)]
            problem: ProblemBody,
            #[serde(flatten)]
            members: &'a T,
        }
        let problem = self.body();
        let body = serde_json::to_vec(&Extended { problem, members }).unwrap_or_default();
        self.answer(body)
    }

    fn response(&self) -> Response {
        self.answer(serde_json::to_vec(&self.body()).unwrap_or_default())
    }

    fn answer(&self, body: Vec<u8>) -> Response {
        let mut response = Response::builder()
            .status(self.http_status())
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header(header::CACHE_CONTROL, "no-store")
            .body(Body::from_vec(body));
        // For the log.
        response.extensions_mut().insert(self.code());
        let headers = response.headers_mut();
        if self.http_status() == StatusCode::UNAUTHORIZED {
            let challenge = if self.code() == Code::MissingToken {
                "Bearer"
            } else {
                "Bearer error=\"invalid_token\""
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = self.allow.as_deref().and_then(|text| text.parse().ok()) {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code().as_str(), self.first.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.http_status()
    }

    fn as_response(&self) -> Response {
        self.response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.response()
    }
}

/// Documents the form of errors. Which codes a call gives is declared beside the call.
impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "A problem document",
                status: None,
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: CONTENT_TYPE,
                    schema: ProblemBody::schema_ref(),
                }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}

#[cfg(test)]
mod tests;
