//! Whoever sits at the embedded dashboard, with a portal session that the backend asked for.

use domain::api_key::Right;
use domain::portal_session::PortalToken;
use poem::Request;
use store::portal_sessions::SessionUse;

use super::token::refuse;
use super::{Caller, Lasting, Revocable, counted, named_account};
use crate::access::{Access, Kind};
use crate::app::App;
use crate::auth::AuthError;
use crate::problem::Problem;

/// Somebody with a portal session. Looking it up counts the call as well.
pub(super) async fn embedded(
    app: &App,
    request: &Request,
    access: Access,
    text: &str,
) -> Result<Caller, Problem> {
    let refused = |error| refuse(app, error);
    named_account::none(request).map_err(refused)?;
    if !access.takes(Kind::Portal) {
        return Err(refused(AuthError::NotForPortal));
    }
    let parsed = PortalToken::parse(text).map_err(|_| refused(AuthError::PortalSession));
    let (token, expires) = parsed?;
    let asked = app
        .store
        .of(token.account())?
        .use_portal_session(&token, expires, app.rates.dashboard);
    let looked_up = app.portal_sessions.look_up(token.account(), token.hash(), asked);
    let (right, is_allowed, quota) = match looked_up.await? {
        Some(SessionUse::Good(right, is_allowed, quota)) => (right, is_allowed, quota),
        Some(SessionUse::Expired) => return Err(refused(AuthError::PortalSessionExpired)),
        None => return Err(refused(AuthError::PortalSession)),
    };
    let caller = Caller {
        account: token.account().clone(),
        by: token.id().to_string(),
        kind: Kind::Portal,
        lasting: Lasting {
            expires_at: Some(expires.as_seconds()),
            revocable: Some(Revocable::Portal(token.id().clone())),
        },
    };
    counted::looked_up(app, request, &caller.share(), is_allowed, quota).await?;
    if access.writes() && right == Right::Read {
        return Err(refused(AuthError::PortalSessionReads));
    }
    Ok(caller)
}
