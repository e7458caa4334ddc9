//! The header `X-Account-Id`: for whom the backend calls.
//!
//! It is never ignored: who may not name an account there is refused, whatever account they name. Else a mistake in whose token is sent
//! would show, or change, another account than the one that was meant.

use domain::id::AccountId;
use poem::Request;

use crate::auth::AuthError;
use crate::headers::{Repeated, once};
use crate::problem::{Code, Problem};

/// The header's name.
pub(crate) const ACCOUNT_HEADER: &str = "X-Account-Id";

/// The request names no account in its header.
pub(super) fn none(request: &Request) -> Result<(), AuthError> {
    if request.headers().contains_key(ACCOUNT_HEADER) {
        return Err(AuthError::AccountHeader);
    }
    Ok(())
}

/// The account that the header of a request names.
pub(super) fn named(request: &Request) -> Result<AccountId, Problem> {
    let wrong = || Problem::new(Code::InvalidAccountId).field(ACCOUNT_HEADER);
    let value = once(request.headers(), ACCOUNT_HEADER).map_err(|Repeated| wrong())?;
    let value = value.ok_or_else(|| {
        Problem::new(Code::MissingField)
            .detail(format!(
                "Say for which account you call: give its id in the header `{ACCOUNT_HEADER}`."
            ))
            .field(ACCOUNT_HEADER)
    })?;
    let text = value.to_str().map_err(|_| wrong())?;
    AccountId::from_outside(text.trim()).map_err(|_| wrong())
}
