//! Who is calling: the dashboard with a session token, or the chatbot backend with a service key.
//!
//! [`DashboardUser`] and [`Backend`] are the first argument of every call that needs them, so that a request without a
//! valid token is refused before anybody looks at its body. A [`Reader`] is somebody at the dashboard whose call changes nothing
//! though its method is not `GET`.

use domain::id::AccountId;
use poem::http::{Method, header};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serve::Occupant;
use store::rates::EventLimits;

use crate::app::App;
use crate::auth::AuthError;
use crate::headers::{Repeated, once};
use crate::problem::{Code, Problem};
use crate::query;
use crate::rate_limit::Quotas;

/// Somebody signed in at the dashboard.
#[derive(Debug, Clone)]
pub struct DashboardUser {
    /// The account that the user acts for.
    pub account: AccountId,
    /// The user, as the session token names them.
    pub user: String,
    /// When the session token expires, in seconds since 1970.
    pub expires_at: i64,
}

/// Somebody signed in at the dashboard who only wants to know something: roles that may not change anything may call.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The account that the user acts for.
    pub account: AccountId,
}

/// The chatbot backend.
#[derive(Debug, Clone)]
pub struct Backend {
    /// How many events it may push in a minute.
    pub limits: EventLimits,
    /// Where the call notes what is left of them.
    pub quotas: Quotas,
}

async fn dashboard_user(app: &App, request: &Request) -> Result<DashboardUser, Problem> {
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    signed_in(app, request, writes).await
}

async fn reader(app: &App, request: &Request) -> Result<Reader, Problem> {
    let DashboardUser { account, .. } = signed_in(app, request, false).await?;
    Ok(Reader { account })
}

/// Whoever is signed in, if they may make a call that `writes` or not.
async fn signed_in(app: &App, request: &Request, writes: bool) -> Result<DashboardUser, Problem> {
    let verified = async {
        let session = app.sessions.verify(bearer_token(request)?).await?;
        if writes && !session.may_write {
            return Err(AuthError::Role);
        }
        Ok(session)
    };
    let session = verified.await.map_err(|error| refuse(app, error))?;
    app.store.not_replaced()?;
    if let Some(occupant) = request.data::<Occupant>()
        && !occupant.is_for(session.account.as_str())
    {
        return Err(Problem::new(Code::TooManyAtOnce).retry_after(1));
    }
    count_calls(app, &session.account, &Quotas::of(request), 1).await?;
    query::check(request)?;
    Ok(DashboardUser {
        account: session.account,
        user: session.user,
        expires_at: session.expires_at,
    })
}

/// Counts so many more calls for one that does what several could do.
///
/// # Errors
///
/// As [`count_calls`].
pub(crate) async fn count_more(
    app: &App,
    request: &Request,
    user: &DashboardUser,
    calls: usize,
) -> Result<(), Problem> {
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    count_calls(app, &user.account, &Quotas::of(request), calls).await
}

/// Counts calls of the dashboard towards the account's limit: all, or none.
///
/// # Errors
///
/// [`Problem`] when the account may not make as many, or Redis fails.
async fn count_calls(app: &App, account: &AccountId, quotas: &Quotas, calls: u32) -> Result<(), Problem> {
    let most = app.rates.dashboard;
    if most == 0 || calls == 0 {
        return Ok(());
    }
    let used_up = &app.refusals.used_up;
    let (is_allowed, quota) = match used_up.calls(account, calls) {
        Some(quota) => (false, quota),
        None => app.store.get()?.count_calls(account, most, calls).await?,
    };
    quotas.note(&[quota]);
    if is_allowed {
        return Ok(());
    }
    used_up.note_calls(account, quota);
    Err(app.refusals.refuse(account, app.rates.refusal(&[quota])).await)
}

async fn backend(app: &App, request: &Request) -> Result<Backend, Problem> {
    let verified = bearer_token(request).and_then(|token| app.service_keys.verify(token));
    let key = verified.map_err(|error| refuse(app, error))?;
    tracing::trace!(key, "a call of the backend");
    if let Some(occupant) = request.data::<Occupant>() {
        occupant.is_backend();
    }
    app.store.not_replaced()?;
    query::check(request)?;
    Ok(Backend {
        limits: app.rates.of_events(key),
        quotas: Quotas::of(request),
    })
}

/// Whether a request has a service key that is valid.
pub(crate) fn has_service_key(app: &App, request: &Request) -> bool {
    bearer_token(request).is_ok_and(|token| app.service_keys.verify(token).is_ok())
}

/// The token of `Authorization: Bearer <token>`.
fn bearer_token(request: &Request) -> Result<&str, AuthError> {
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
    "A session token: Clerk's (RS256), or one of the OpenID Connect issuer that is configured in its place (RS256, ES256). The account is the token's active organisation, else its user.",
    dashboard_user
);

security_scheme!(
    Reader,
    "clerkSession",
    "JWT",
    "A session token: Clerk's (RS256), or one of the OpenID Connect issuer that is configured in its place (RS256, ES256). The account is the token's active organisation, else its user.",
    reader
);

security_scheme!(
    Backend,
    "serviceKey",
    "whk_<id>_<random>",
    "A service key of the chatbot backend.",
    backend
);

#[cfg(test)]
mod tests;
