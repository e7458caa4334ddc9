//! The one place where errors of other layers become problems: the store's, the domain's, serde's and poem's.

use std::any::Any;

use doctor::InvalidHeaders;
use domain::endpoint::UrlError;
use domain::event::{AccountEvent, EventType, PayloadError, UnknownEventType};
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use store::StoreError;

use super::{CONTENT_TYPE, Code, Problem};
use crate::auth::AuthError;

/// How many characters of a caller's own text are repeated to it.
const MAX_ECHO: usize = 64;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::OutOfMemory => {
                tracing::warn!("Redis is out of memory: the request was refused");
                Self::new(Code::StoreFull).retry_after(30)
            }
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "Redis is not available: the request was refused");
                Self::new(Code::StoreUnavailable).retry_after(2)
            }
            StoreError::Replaced(_) => {
                tracing::warn!(%error, "the request was refused");
                Self::new(Code::StoreReplaced).retry_after(30)
            }
            StoreError::Unsafe(_) => {
                tracing::warn!(%error, "the request was refused");
                Self::new(Code::StoreUnsafe).retry_after(30)
            }
            StoreError::Unexpected(_) => {
                tracing::error!(%error, "Redis refused a call or answered something unknown");
                Self::new(Code::StoreUnavailable).retry_after(2)
            }
        }
    }
}

impl From<InvalidHeaders> for Problem {
    fn from(error: InvalidHeaders) -> Self {
        let detail = format!(
            "{}. {}",
            capitalised(&error.to_string()),
            Code::InvalidHeaders.advice()
        );
        Self::new(Code::InvalidHeaders).detail(detail).field("headers")
    }
}

impl From<UrlError> for Problem {
    fn from(error: UrlError) -> Self {
        let code = match &error {
            UrlError::TooLong => Code::UrlTooLong,
            UrlError::Malformed(_) | UrlError::Host => Code::UrlMalformed,
            UrlError::Scheme(_) => Code::UrlSchemeNotAllowed,
            UrlError::Credentials => Code::UrlHasCredentials,
            UrlError::Fragment => Code::UrlHasFragment,
            UrlError::Port(_) => Code::UrlPortNotAllowed,
            UrlError::Address(_) | UrlError::Local(_) => Code::UrlAddressBlocked,
        };
        let text = error.to_string();
        let detail = format!("The URL {}. {}", text.trim_end_matches('.'), code.advice());
        Self::new(code).detail(detail).field("url")
    }
}

impl From<UnknownEventType> for Problem {
    fn from(_: UnknownEventType) -> Self {
        let types: Vec<_> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
        Self::new(Code::UnknownEvent).detail(format!("The event types are {}.", types.join(", ")))
    }
}

impl From<PayloadError> for Problem {
    fn from(error: PayloadError) -> Self {
        let problem = match error {
            PayloadError::NotAnObject => Self::new(Code::InvalidType).detail("`data` must be a JSON object."),
            PayloadError::TooDeep => Self::new(Code::DataTooDeep),
            PayloadError::TooLarge { .. } => Self::new(Code::PayloadTooLarge)
                .detail(format!("`data` {error}. {}", Code::PayloadTooLarge.advice())),
        };
        problem.field("data")
    }
}

impl From<serde_path_to_error::Error<serde_json::Error>> for Problem {
    fn from(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = error.path().to_string();
        from_json_error(&path, error.inner())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        from_json_error(".", &error)
    }
}

/// Says what serde found, without repeating values.
fn from_json_error(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    if !error.is_data() {
        let place = format!("line {}, column {}", error.line(), error.column());
        let what = text.split(" at line ").next().unwrap_or_default();
        return Problem::new(Code::InvalidJson).detail(format!(
            "The body is not JSON ({what} at {place}). Correct its syntax."
        ));
    }
    let parent = if path == "." { "" } else { path };
    let child = |name: &str| {
        if parent.is_empty() || parent == name || parent.ends_with(&format!(".{name}")) {
            if parent.is_empty() {
                name.to_owned()
            } else {
                parent.to_owned()
            }
        } else {
            format!("{parent}.{name}")
        }
    };
    let quoted = |text: &str| shorten(text.split('`').nth(1).unwrap_or_default());
    if text.starts_with("unknown field ") {
        let rest = text.trim_start_matches("unknown field `");
        let name = shorten(
            rest.split("`, expected")
                .next()
                .unwrap_or_default()
                .split("`, there")
                .next()
                .unwrap_or_default(),
        );
        let known: Vec<_> = rest
            .rsplit("expected ")
            .next()
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        let detail = format!("There is no field `{name}`. The fields are {}.", known.join(", "));
        return Problem::new(Code::UnknownField)
            .detail(detail)
            .field(child(&name));
    }
    if text.starts_with("missing field ") {
        let name = quoted(&text);
        return Problem::new(Code::MissingField)
            .detail(format!("The field `{name}` is missing: add it."))
            .field(child(&name));
    }
    if text.starts_with("duplicate field ") {
        let name = quoted(&text);
        return Problem::new(Code::DuplicateField)
            .detail(format!("The field `{name}` is given twice: give it once."))
            .field(child(&name));
    }
    let expected = text.rsplit(", expected ").next().unwrap_or_default();
    let expected = expected.split(" at line ").next().unwrap_or_default();
    let code = if text.starts_with("invalid type") {
        Code::InvalidType
    } else {
        Code::InvalidValue
    };
    let subject = if parent.is_empty() {
        "The body".to_owned()
    } else {
        format!("`{}`", shorten(parent))
    };
    let problem = Problem::new(code).detail(format!("{subject} must be {expected}."));
    if parent.is_empty() {
        problem
    } else {
        problem.field(shorten(parent))
    }
}

/// The start of a caller's own text.
fn shorten(text: &str) -> String {
    let mut short: String = text
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_ECHO)
        .collect();
    if text.chars().count() > MAX_ECHO {
        short.push('…');
    }
    short
}

/// Turns an error that the framework answered in its own form into a problem; other responses pass.
#[must_use]
pub fn replace_foreign_error(response: Response, allow: Option<&str>) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.content_type().is_some_and(is_ours) {
        return response;
    }
    let problem = match status {
        StatusCode::UNAUTHORIZED => Problem::new(Code::MissingToken),
        StatusCode::NOT_FOUND => Problem::new(Code::NotFound),
        StatusCode::METHOD_NOT_ALLOWED => {
            let problem = Problem::new(Code::MethodNotAllowed);
            match allow {
                Some(methods) => problem
                    .detail(format!("This path takes {methods}."))
                    .allow(methods),
                None => problem,
            }
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::BodyTooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Code::UnsupportedMediaType),
        _ if status.is_client_error() => Problem::new(Code::BadRequest),
        _ => {
            tracing::error!(%status, "a request failed in a way that has no problem of its own");
            Problem::new(Code::InternalError)
        }
    };
    let mut replaced = problem.into_response();
    if let Some(value) = response.headers().get(header::CONNECTION) {
        replaced.headers_mut().insert(header::CONNECTION, value.clone());
    }
    replaced
}

/// Problems, and the one error that has a JSON form of its own: a program that is not ready.
fn is_ours(content_type: &str) -> bool {
    content_type == CONTENT_TYPE || content_type.starts_with("application/json")
}

/// The problem for a handler that panicked. What it said goes to the log only.
#[must_use]
pub fn from_panic(panic: &(dyn Any + Send)) -> Problem {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown");
    tracing::error!(panic = message, "a request handler panicked");
    Problem::new(Code::InternalError)
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let code = match error {
            AuthError::Missing => Code::MissingToken,
            AuthError::Expired => Code::TokenExpired,
            AuthError::NotYetValid => Code::TokenNotYetValid,
            AuthError::Pending => Code::SessionPending,
            AuthError::NotASession | AuthError::NotAServiceKey | AuthError::NotASessionToken => {
                Code::WrongTokenKind
            }
            AuthError::Unavailable => return Self::new(Code::AuthUnavailable).retry_after(5),
            AuthError::Malformed
            | AuthError::Algorithm
            | AuthError::UnknownKey
            | AuthError::Signature
            | AuthError::Issuer
            | AuthError::Party
            | AuthError::ServiceKey => Code::InvalidToken,
        };
        let problem = Self::new(code);
        match code {
            Code::InvalidToken | Code::WrongTokenKind => {
                problem.detail(capitalised(&format!("{error}. {}", code.advice())))
            }
            _ => problem,
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

impl Problem {
    /// A subscription that is neither an event type nor `*`.
    pub(crate) fn from_unknown_subscription(error: &UnknownEventType) -> Self {
        let types = Self::from(error.clone());
        let detail = types.detail.trim_end_matches('.').to_owned();
        let accounts = AccountEvent::ALL
            .iter()
            .map(|kind| kind.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        types.detail(format!(
            "{detail}; `*` stands for all of them; {accounts} tell about the account's endpoints."
        ))
    }

    /// Says of an item what would otherwise be said of a whole body.
    pub(crate) fn about_an_item(self) -> Self {
        let detail = self.detail.replace("The body", "The event");
        self.detail(detail)
    }
}
