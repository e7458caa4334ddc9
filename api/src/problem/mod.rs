//! Problems: the form of every error of this API (`application/problem+json`, RFC 9457).
//!
//! A [`Problem`] has a stable [`Code`], a sentence that says what to do, and the field concerned. Errors of other layers become
//! problems in `convert` and nowhere else.

mod code;

mod code_name;

mod convert;

pub use code::Code;
pub use code_name::CodeName;
pub use convert::{from_panic, replace_foreign_error};

use std::borrow::Cow;
use std::fmt;

use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;

/// The media type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error as the client will see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    field: Option<String>,
    retry_after: Option<u32>,
    allow: Option<String>,
}

/// An error: what went wrong, as a stable code and in words.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Problem", read_only_all)]
pub struct ProblemBody {
    /// Where the code is documented.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// What went wrong, in words that are always the same for the code.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What went wrong, as a stable code: branch on this.
    code: CodeName,
    /// What went wrong in this case, and what to do about it.
    detail: String,
    /// The field or parameter concerned, such as `url`, `events[1]` or `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    field: Option<String>,
}

impl ProblemBody {
    /// What to do about it.
    #[cfg(test)]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl Problem {
    /// A problem whose detail is the advice of its code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: Cow::Borrowed(code.advice()),
            field: None,
            retry_after: None,
            allow: None,
        }
    }

    /// Replaces the advice by something more precise.
    #[must_use]
    pub fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    /// Names the field or parameter concerned.
    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
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
            allow: Some(methods.into()),
            ..self
        }
    }

    /// What went wrong.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status.
    #[must_use]
    pub const fn http_status(&self) -> StatusCode {
        self.code.status()
    }

    /// The document that is sent.
    #[must_use]
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("/errors#{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            code: CodeName(self.code),
            detail: self.detail.clone().into_owned(),
            field: self.field.clone(),
        }
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
            .status(self.code.status())
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header(header::CACHE_CONTROL, "no-store")
            .body(Body::from_vec(body));
        let headers = response.headers_mut();
        if self.code.status() == StatusCode::UNAUTHORIZED {
            let challenge = if self.code == Code::MissingToken {
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
        write!(formatter, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.code.status()
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
