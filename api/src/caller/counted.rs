//! Calls for an account: how many it may have open, and how many it may make in a minute. Each kind of caller has a share of its own.

use domain::id::AccountId;
use poem::{Request, RequestBody};
use serve::Occupant;
use store::rates::{Quota, Subject};

use super::Caller;
use crate::access::{Kind, Share};
use crate::app::App;
use crate::json;
use crate::problem::{Code, Problem};
use crate::rate_limit::{self, Quotas};

/// Takes the request's place among those of its share.
pub(super) fn open(request: &Request, share: &Share) -> Result<(), Problem> {
    match request.data::<Occupant>() {
        Some(occupant) if !occupant.is_for(share.as_str()) => {
            Err(Problem::new(Code::TooManyAtOnce).retry_after(1))
        }
        _ => Ok(()),
    }
}

/// Counts so many more calls for one that does what several could do.
///
/// # Errors
///
/// [`Problem`] when the account may not make as many, or Redis fails.
pub(crate) async fn count_more(
    app: &App,
    request: &Request,
    caller: &Caller,
    calls: usize,
) -> Result<(), Problem> {
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    count(app, request, None, caller.kind, &caller.account, calls, false).await
}

/// Counts calls towards the limit of their share: all, or none. None may be made for an account that is being erased, but those that
/// `may_be_erased`. With a `body`, they count once it has come: who never sends it costs Redis nothing.
pub(super) async fn count(
    app: &App,
    request: &Request,
    body: Option<&mut RequestBody>,
    kind: Kind,
    account: &AccountId,
    calls: u32,
    may_be_erased: bool,
) -> Result<(), Problem> {
    let most = app.rates.dashboard;
    if calls == 0 {
        return Ok(());
    }
    let subject = match kind {
        Kind::Session => Subject::Dashboard,
        Kind::Key => Subject::Keys,
        Kind::Portal => Subject::Portal,
        Kind::Manage => Subject::Manage,
    };
    let share = Share::of(kind, account);
    let (is_allowed, quota) = match app.refusals.used_up.calls(&share, calls) {
        Some(quota) => (false, quota),
        None => {
            if let Some(body) = body {
                json::await_whole(request, body).await?;
            }
            let store = app.store.of(account)?;
            store
                .count_calls(account, subject, most, calls, may_be_erased)
                .await?
        }
    };
    if most == 0 {
        return Ok(());
    }
    if !is_allowed {
        app.refusals.used_up.note_calls(&share, quota);
    }
    within(app, request, &share, is_allowed, quota).await
}

/// Takes the place of a request whose token was looked up, which counted the call as well.
pub(super) async fn looked_up(
    app: &App,
    request: &Request,
    share: &Share,
    is_allowed: bool,
    quota: Quota,
) -> Result<(), Problem> {
    open(request, share)?;
    if quota.most == 0 {
        return Ok(());
    }
    within(app, request, share, is_allowed, quota).await
}

/// Notes what is left of a limit, and refuses what exceeds it.
async fn within(
    app: &App,
    request: &Request,
    share: &Share,
    is_allowed: bool,
    quota: Quota,
) -> Result<(), Problem> {
    Quotas::of(request).note(&[quota]);
    if is_allowed {
        Ok(())
    } else {
        Err(app.refusals.refuse(share, rate_limit::refusal(&[quota])).await)
    }
}
