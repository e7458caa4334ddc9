//! Errors that poem answers in its own form, and panics.

use std::any::Any;

use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};

use super::super::{CONTENT_TYPE, Code, Problem};

/// Replaces an error in poem's own form by a problem. Other responses pass unchanged. `allow` are the methods that the path takes, and
/// `calls` the same with what each is for.
#[must_use]
pub fn replace_foreign_error(response: Response, allow: Option<&str>, calls: &str) -> Response {
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
                Some(methods) => {
                    let takes = if calls.is_empty() { methods } else { calls };
                    problem.detail(format!("This path takes {takes}.")).allow(methods)
                }
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

/// The answer to an error, which keeps its code for the log: poem's own way leaves that behind.
pub(crate) fn answer_to(error: poem::Error) -> Response {
    let code = error.downcast_ref::<Problem>().map(Problem::code);
    let mut response = error.into_response();
    if let Some(code) = code {
        response.extensions_mut().insert(code);
    }
    response
}

/// Problems, and the only other error in JSON: the answer of a program that is not ready.
fn is_ours(content_type: &str) -> bool {
    content_type == CONTENT_TYPE || content_type.starts_with("application/json")
}

/// The problem for a handler that panicked. Its message goes to the log, not to the client.
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
