//! The token of a request, and what its form says of it.

use domain::{api_key, portal_session};
use poem::Request;
use poem::http::header;

use crate::app::App;
use crate::auth::{AuthError, service_key};
use crate::headers::{Repeated, once};
use crate::problem::Problem;

/// A token by its form. What is none of ours is for whoever verifies sessions to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A key of an account.
    ApiKey(&'a str),
    /// The token of a portal session.
    Portal(&'a str),
    /// A service key.
    Service(&'a str),
    /// Anything else.
    Session(&'a str),
}

impl<'a> Token<'a> {
    /// The token of a request.
    pub(super) fn of(request: &'a Request) -> Result<Self, AuthError> {
        let token = bearer(request)?;
        Ok(if token.starts_with(api_key::PREFIX) {
            Self::ApiKey(token)
        } else if token.starts_with(portal_session::PREFIX) {
            Self::Portal(token)
        } else if token.starts_with(service_key::PREFIX) {
            Self::Service(token)
        } else {
            Self::Session(token)
        })
    }
}

/// The token of `Authorization: Bearer <token>`.
fn bearer(request: &Request) -> Result<&str, AuthError> {
    let value = once(request.headers(), header::AUTHORIZATION).map_err(|Repeated| AuthError::Malformed)?;
    let value = value.ok_or(AuthError::Missing)?;
    let text = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(AuthError::Missing);
    }
    Ok(token)
}

/// Whether a request has a service key that is valid.
pub(crate) fn has_service_key(app: &App, request: &Request) -> bool {
    bearer(request).is_ok_and(|token| app.service_keys.verify(token).is_ok())
}

/// The refusal of a request for its token.
pub(super) fn refuse(app: &App, error: AuthError) -> Problem {
    app.metrics.auth_failure(error.reason());
    tracing::debug!(reason = error.reason(), "a request was refused for its token");
    error.into()
}

#[cfg(test)]
mod tests;
