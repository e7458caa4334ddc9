//! Portal sessions: for a quarter of an hour, whoever sits at the embedded dashboard acts for one account.
//!
//! A session's token is `rkp_<account>_<16 characters of its id><32 characters>_<when it expires, ms since 1970>`: a token of the account
//! (`account_token`), and its end. So what has expired can be told from what never was, though nothing is kept of either. Only the store
//! knows when a session that it makes ends, so the end isn't part of the hash that is kept: it is kept beside it, and has to be the same.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::account_token::AccountToken;
use crate::clock::Timestamp;
use crate::id::{AccountId, PortalSessionId};

/// What every session's token starts with.
pub const PREFIX: &str = "rkp_";

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// A text that is no token of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the token of a portal session: `{PREFIX}`, the account, 48 characters, and when it expires")]
pub struct InvalidPortalToken;

/// The token of a session, but for its end. It is never printed, and dropping it overwrites its memory.
#[derive(Clone)]
pub struct PortalToken {
    token: AccountToken,
    id: PortalSessionId,
}

impl PortalToken {
    /// A new token for an account.
    #[must_use]
    pub fn generate(account: &AccountId) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "a test makes tokens for accounts of every form"
        )]
        Self::of(AccountToken::generate(PREFIX, account)).expect("a token that was just made has an id")
    }

    /// Reads a token, and when it expires. Whether there is such a session is for the store to say.
    ///
    /// # Errors
    ///
    /// [`InvalidPortalToken`] when no token has such a text.
    pub fn parse(text: &str) -> Result<(Self, Timestamp), InvalidPortalToken> {
        let (start, end) = text.rsplit_once('_').ok_or(InvalidPortalToken)?;
        let expires = end.parse().ok().and_then(Timestamp::from_millis);
        let expires = expires.filter(|at| at.as_millis().to_string() == end);
        let token = AccountToken::parse(PREFIX, start).ok_or(InvalidPortalToken)?;
        Ok((Self::of(token)?, expires.ok_or(InvalidPortalToken)?))
    }

    fn of(token: AccountToken) -> Result<Self, InvalidPortalToken> {
        let id = format!("ps_{}", token.id_digits());
        let id = id.parse().map_err(|_| InvalidPortalToken)?;
        Ok(Self { token, id })
    }

    /// The account that it is good for, or would be.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        self.token.account()
    }

    /// Which session it is of.
    #[must_use]
    pub const fn id(&self) -> &PortalSessionId {
        &self.id
    }

    /// The whole text, of a session that ends then: to show it to the backend once.
    #[must_use]
    pub fn until(&self, expires: Timestamp) -> SecretString {
        SecretString::from(format!("{}_{}", self.token.expose(), expires.as_millis()))
    }

    /// What is kept of it: a hash of its text up to its end.
    #[must_use]
    pub fn hash(&self) -> String {
        self.token.hash()
    }
}

impl fmt::Debug for PortalToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PortalToken({}, {})", self.account(), self.id)
    }
}

#[cfg(test)]
mod tests;
