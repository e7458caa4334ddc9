//! Who is calling: somebody for an account, or a backend.
//!
//! A [`Caller`], a [`Backend`] or a [`Manager`] is the first argument of every call that needs one, so that a request without a valid token is refused
//! before anybody looks at its body. Who may make which call is for [`crate::access`] to say; the server attaches what it says of the
//! request's call.
//!
//! - `token`: what a request came with. `named_account`: for whom the backend calls. `manager`: the backend, at calls about whole accounts.
//! - `portal`: whoever sits at the embedded dashboard.
//! - `counted`: how many calls there may be. `lasting`: for how long what a call opened may go on.

mod manager;

mod portal;

mod token;

mod named_account;

mod counted;

mod lasting;

pub(crate) use counted::count_more;
pub use lasting::{Lasting, Over, Revocable};
pub use manager::Manager;
pub(crate) use named_account::ACCOUNT_HEADER;
pub(crate) use token::has_service_key;

use domain::api_key::ApiKeyToken;
use domain::id::AccountId;
use poem::{FromRequest, Request, RequestBody, Result};
use serve::Occupant;
use store::api_keys::KeyUse;
use store::rates::EventLimits;

use self::token::{Token, refuse};
use crate::access::{Access, Kind, Share};
use crate::app::App;
use crate::auth::AuthError;
use crate::auth::service_key::ServiceKey;
use crate::problem::{Code, Problem};
use crate::query;
use crate::rate_limit::Quotas;

/// Somebody who acts for an account: one of its people, who may sit at the embedded dashboard, a program with one of its keys, or the backend
/// in its name.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// Who it is, for what keeps who made or changed it: the user as the session token names them, `key_…`, `ps_…`, or `service:<id>`.
    pub by: String,
    /// What they came with.
    pub kind: Kind,
    /// For how long they may go on with what they open.
    pub lasting: Lasting,
}

/// The chatbot backend.
#[derive(Debug, Clone)]
pub struct Backend {
    /// The id of its key.
    pub key: String,
    /// How many events it may push in a minute.
    pub limits: EventLimits,
    /// Where the call notes what is left of them.
    pub quotas: Quotas,
}

impl Caller {
    /// Whose share of what an account may have they use.
    #[must_use]
    pub fn share(&self) -> Share {
        Share::of(self.kind, &self.account)
    }

    /// Who calls, before anything of the body is read.
    ///
    /// # Errors
    ///
    /// [`Problem`] when nobody may make this call with that token, or not now.
    pub(crate) async fn before_body(request: &Request) -> Result<Self, Problem> {
        Self::of(request, None).await
    }

    async fn of(request: &Request, body: Option<&mut RequestBody>) -> Result<Self, Problem> {
        let app = App::of(request)?;
        let access = access(request)?;
        let token = Token::of(request).map_err(|error| refuse(app, error))?;
        let caller = match token {
            Token::ApiKey(text) => with_key(app, request, access, text).await?,
            Token::Portal(text) => portal::embedded(app, request, access, text).await?,
            Token::Service(text) => in_a_name(app, request, access, text).await?,
            Token::Session(text) => signed_in(app, request, body, access, text).await?,
        };
        query::check(request)?;
        Ok(caller)
    }
}

impl<'a> FromRequest<'a> for Caller {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        Ok(Self::of(request, Some(body)).await?)
    }
}

impl<'a> FromRequest<'a> for Backend {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let app = App::of(request)?;
        if access(request)? != Access::Backend {
            return Err(Problem::new(Code::InternalError).into());
        }
        let verified = Token::of(request).and_then(|token| match token {
            Token::ApiKey(_) => Err(AuthError::Scope(None)),
            Token::Portal(_) => Err(AuthError::NotForPortal),
            Token::Service(text) | Token::Session(text) => {
                let key = app.service_keys.verify(text)?;
                named_account::none(request).map(|()| key)
            }
        });
        let key = verified.map_err(|error| refuse(app, error))?;
        tracing::trace!(key = key.id(), "a call of the backend");
        if let Some(occupant) = request.data::<Occupant>() {
            occupant.is_backend();
        }
        app.store.not_replaced()?;
        query::check(request)?;
        Ok(Self {
            key: key.id().to_owned(),
            limits: app.rates.of_events(key.id()),
            quotas: Quotas::of(request),
        })
    }
}

/// What is kept of a service key as who made or changed something.
fn name_of(key: &ServiceKey) -> String {
    format!("service:{}", key.id())
}

/// Who may make the call that a request is for.
fn access(request: &Request) -> Result<Access, Problem> {
    let access = request.data::<Access>().copied();
    access.ok_or_else(|| Problem::new(Code::InternalError))
}

/// Somebody with a session. The call counts once its `body` has come, if it is waited for.
async fn signed_in(
    app: &App,
    request: &Request,
    body: Option<&mut RequestBody>,
    access: Access,
    token: &str,
) -> Result<Caller, Problem> {
    let verified = async {
        if !access.takes(Kind::Session) {
            return Err(AuthError::NotAServiceKey);
        }
        named_account::none(request)?;
        let session = app.sessions.get().verify(token).await?;
        if access.writes() && !session.may_write {
            return Err(AuthError::Role);
        }
        Ok(session)
    };
    let session = verified.await.map_err(|error| refuse(app, error))?;
    app.store.not_replaced()?;
    let share = Share::of(Kind::Session, &session.account);
    counted::open(request, &share)?;
    counted::count(app, request, body, Kind::Session, &session.account, 1, false).await?;
    Ok(Caller {
        account: session.account,
        by: session.user,
        kind: Kind::Session,
        lasting: Lasting {
            expires_at: Some(session.expires_at),
            revocable: None,
        },
    })
}

/// A program with a key of an account. Looking the key up counts the call as well.
async fn with_key(app: &App, request: &Request, access: Access, text: &str) -> Result<Caller, Problem> {
    let refused = |error| refuse(app, error);
    named_account::none(request).map_err(refused)?;
    let scope = access.scope().ok_or_else(|| refused(AuthError::Scope(None)))?;
    let token = ApiKeyToken::parse(text).map_err(|_| refused(AuthError::ApiKey))?;
    let store = app.store.of(token.account())?;
    let asked = store.use_api_key(&token, app.rates.dashboard);
    let looked_up = app.api_keys.look_up(token.account(), token.hash(), asked).await?;
    let (scopes, expires_at, is_allowed, quota) = match looked_up {
        Some(KeyUse::Good(scopes, expires_at, is_allowed, quota)) => (scopes, expires_at, is_allowed, quota),
        Some(KeyUse::Expired) => return Err(refused(AuthError::KeyExpired)),
        None => return Err(refused(AuthError::ApiKey)),
    };
    let caller = Caller {
        account: token.account().clone(),
        by: token.id().to_string(),
        kind: Kind::Key,
        lasting: Lasting {
            expires_at: expires_at.map(domain::clock::Timestamp::as_seconds),
            revocable: Some(Revocable::Key(token.id().clone())),
        },
    };
    counted::looked_up(app, request, &caller.share(), is_allowed, quota).await?;
    if !scopes.cover(scope) {
        return Err(refused(AuthError::Scope(Some(scope))));
    }
    Ok(caller)
}

/// The backend in an account's name.
async fn in_a_name(app: &App, request: &Request, access: Access, text: &str) -> Result<Caller, Problem> {
    let verified = app.service_keys.verify(text).and_then(|key| {
        if key.may_manage() && access.takes(Kind::Manage) {
            return Ok(key);
        }
        named_account::none(request)?;
        Err(AuthError::NotAManageKey)
    });
    let key = verified.map_err(|error| refuse(app, error))?;
    manager::managing(app, request, named_account::named(request)?, key, false).await
}
