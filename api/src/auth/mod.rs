//! Who is calling: the dashboard with a Clerk session token, or the backend with a service key.
//!
//! [`DashboardUser`] and [`Backend`] are the first argument of every call that needs them, so a request without a
//! valid token is refused before its body is looked at. The kind of a token shows in its form: one of the wrong kind
//! is a 403, whatever else may be wrong with it; everything else is a 401.

pub mod clerk;

pub mod jwks;

pub mod service_key;

#[cfg(test)]
mod tests;

use domain::id::AccountId;
use poem::http::header;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use store::rates::EventLimits;

use crate::app::App;
use crate::problem::Problem;
use crate::rate_limit::{self, Ledger};

/// Why a request is refused before anything else is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no bearer token.
    #[error("there is no bearer token")]
    Missing,
    /// It is no token at all.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed in a way that is not allowed.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// It names a key that we don't have.
    #[error("the token is signed with a key that is not in use")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It was made by somebody else.
    #[error("the token was issued by another issuer")]
    Issuer,
    /// It was made for another site.
    #[error("the token was issued to a party that is not allowed")]
    Party,
    /// The session has tasks to finish.
    #[error("the session is pending")]
    Pending,
    /// It is Clerk's, but no session's.
    #[error("the token belongs to a machine or a template, not to a session")]
    NotASession,
    /// A session token where a service key is wanted.
    #[error("this call takes a service key, not a session token")]
    NotAServiceKey,
    /// A service key or a machine's key where a session token is wanted.
    #[error("this call takes a session token, not a key")]
    NotASessionToken,
    /// The service key is not one of ours.
    #[error("the service key is not valid")]
    ServiceKey,
    /// The keys that verify tokens can't be fetched.
    #[error("the keys that verify tokens can't be fetched")]
    Unavailable,
}

impl AuthError {
    /// The word for metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Issuer => "issuer",
            Self::Party => "party",
            Self::Pending => "pending",
            Self::NotASession | Self::NotAServiceKey | Self::NotASessionToken => "wrong_kind",
            Self::ServiceKey => "service_key",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Somebody who is signed in at the dashboard.
#[derive(Debug, Clone)]
pub struct DashboardUser {
    /// The account that it acts for.
    pub account: AccountId,
    /// When its token expires, in seconds since 1970.
    pub expires_at: i64,
}

/// The chatbot backend.
#[derive(Debug, Clone)]
pub struct Backend {
    /// How many events it may push in a minute.
    pub limits: EventLimits,
    /// Where it is told what is left of them.
    pub ledger: Ledger,
}

/// What the prefixes of Clerk's opaque machine credentials and of our service keys have in common: no session.
const KEY_PREFIXES: [&str; 5] = [service_key::PREFIX, "ak_", "oat_", "mt_", "m2m_"];

async fn dashboard_user(app: &App, request: &Request) -> Result<DashboardUser, Problem> {
    let user = verified_user(app, bearer_token(request)).await;
    let user = user.map_err(|error| refuse(app, error))?;
    app.store.not_replaced()?;
    rate_limit::count_call(app, &user.account, &Ledger::of(request)).await?;
    Ok(user)
}

async fn verified_user(app: &App, token: Result<&str, AuthError>) -> Result<DashboardUser, AuthError> {
    let token = token?;
    if KEY_PREFIXES.iter().any(|prefix| token.starts_with(prefix)) {
        return Err(AuthError::NotASessionToken);
    }
    let session = app.sessions.verify(token).await?;
    Ok(DashboardUser {
        account: session.account,
        expires_at: session.expires_at,
    })
}

async fn backend(app: &App, request: &Request) -> Result<Backend, Problem> {
    let key = verified_key(app, bearer_token(request)).map_err(|error| refuse(app, error))?;
    app.store.not_replaced()?;
    Ok(Backend {
        limits: app.limits.rates.of_events(key),
        ledger: Ledger::of(request),
    })
}

/// The id of the service key that a token is.
fn verified_key<'a>(app: &'a App, token: Result<&str, AuthError>) -> Result<&'a str, AuthError> {
    let token = token?;
    if token.starts_with(service_key::PREFIX) {
        let id = app.service_keys.verify(token).ok_or(AuthError::ServiceKey)?;
        tracing::trace!(key = id, "a call of the backend");
        return Ok(id);
    }
    let looks_like_jwt = token.starts_with("eyJ") && token.bytes().filter(|byte| *byte == b'.').count() == 2;
    if looks_like_jwt || KEY_PREFIXES.iter().any(|prefix| token.starts_with(prefix)) {
        return Err(AuthError::NotAServiceKey);
    }
    Err(AuthError::ServiceKey)
}

/// The token of `Authorization: Bearer <token>`.
fn bearer_token(request: &Request) -> Result<&str, AuthError> {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let text = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Missing)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(AuthError::Missing);
    }
    Ok(token)
}

fn refuse(app: &App, error: AuthError) -> Problem {
    app.metrics.auth_failure(error.reason());
    tracing::debug!(reason = error.reason(), "a request was refused for its token");
    error.into()
}

macro_rules! security_scheme {
    ($type:ident, $name:literal, $format:literal, $description:literal, $verify:expr) => {
        impl<'a> ApiExtractor<'a> for $type {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                registry.create_security_scheme(
                    $name,
                    MetaSecurityScheme {
                        ty: "http",
                        description: Some($description),
                        name: None,
                        key_in: None,
                        scheme: Some("bearer"),
                        bearer_format: Some($format),
                        flows: None,
                        openid_connect_url: None,
                    },
                );
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![$name]
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<()>,
            ) -> Result<Self> {
                let app = App::of(request)?;
                Ok($verify(app, request).await?)
            }
        }
    };
}

security_scheme!(
    DashboardUser,
    "clerkSession",
    "JWT",
    "A Clerk session token (RS256). The account is the token's active organisation, else its user.",
    dashboard_user
);

security_scheme!(
    Backend,
    "serviceKey",
    "whk_<id>_<random>",
    "A service key of the chatbot backend.",
    backend
);
