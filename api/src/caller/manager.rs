//! The backend with a `manage` key, as it acts for accounts.

use domain::id::AccountId;
use poem::{FromRequest, Request, RequestBody, Result};
use serve::Occupant;

use super::token::{Token, refuse};
use super::{Caller, Lasting, Revocable, access, counted, name_of, named_account};
use crate::access::{Access, Kind, Share};
use crate::app::App;
use crate::auth::AuthError;
use crate::auth::service_key::ServiceKey;
use crate::problem::{Code, Problem};
use crate::query;

/// The backend with a `manage` key, at a call whose path or body names the account.
#[derive(Debug, Clone)]
pub struct Manager {
    key: ServiceKey,
}

impl Manager {
    /// The one who acts for the account that the path or the body names.
    ///
    /// # Errors
    ///
    /// [`Problem`] when it is no account, or too many calls are made for it.
    pub async fn acts_for(self, app: &App, request: &Request, account: &str) -> Result<Caller, Problem> {
        let account = Self::account(account)?;
        managing(app, request, account, self.key, false).await
    }

    /// The same, at a call about the account's erasure, which may be made while that goes on.
    ///
    /// # Errors
    ///
    /// [`Problem`] when it is no account, or too many calls are made for it.
    pub async fn erases(self, app: &App, request: &Request, account: &str) -> Result<Caller, Problem> {
        let account = Self::account(account)?;
        managing(app, request, account, self.key, true).await
    }

    fn account(text: &str) -> Result<AccountId, Problem> {
        AccountId::from_outside(text).map_err(|_| Problem::new(Code::InvalidAccountId).field("accountId"))
    }
}

impl<'a> FromRequest<'a> for Manager {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let app = App::of(request)?;
        if access(request)? != Access::Manage {
            return Err(Problem::new(Code::InternalError).into());
        }
        let verified = Token::of(request).and_then(|token| match token {
            Token::ApiKey(_) => Err(AuthError::Scope(None)),
            Token::Portal(_) => Err(AuthError::NotForPortal),
            Token::Session(_) => Err(AuthError::NotAServiceKey),
            Token::Service(text) => {
                let key = app.service_keys.verify(text)?;
                named_account::none(request)?;
                key.may_manage().then_some(key).ok_or(AuthError::NotAManageKey)
            }
        });
        let key = verified.map_err(|error| refuse(app, error))?;
        query::check(request)?;
        Ok(Self { key })
    }
}

/// The backend as it acts for an account.
pub(super) async fn managing(
    app: &App,
    request: &Request,
    account: AccountId,
    key: ServiceKey,
    may_be_erased: bool,
) -> Result<Caller, Problem> {
    if let Some(occupant) = request.data::<Occupant>() {
        occupant.is_backend();
    }
    app.store.not_replaced()?;
    counted::open(request, &Share::of(Kind::Manage, &account))?;
    counted::count(app, request, None, Kind::Manage, &account, 1, may_be_erased).await?;
    Ok(Caller {
        account,
        by: name_of(&key),
        kind: Kind::Manage,
        lasting: Lasting {
            expires_at: None,
            revocable: Some(Revocable::Service(key)),
        },
    })
}
