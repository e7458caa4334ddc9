//! Keys of an account, for programs that call in its name: Zapier, Make, a customer's own scripts.
//!
//! A key's text is `rk_live_<account>_<16 characters of its id><32 characters>`, a token of the account (`account_token`).

mod scope;

pub use scope::{Right, Scope, Scopes, Subject, UnknownScope};

use std::fmt;

use crate::account_token::AccountToken;
use crate::id::{AccountId, ApiKeyId};

/// What every key starts with.
pub const PREFIX: &str = "rk_live_";

/// The longest name of a key, in characters.
pub const MAX_NAME: usize = 100;

/// A text that is no key of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key: `{PREFIX}`, the account, and 48 characters")]
pub struct InvalidApiKey;

/// A key of an account. It is never printed, and dropping it overwrites its memory.
#[derive(Clone)]
pub struct ApiKeyToken {
    token: AccountToken,
    id: ApiKeyId,
}

impl ApiKeyToken {
    /// A new key of an account.
    #[must_use]
    pub fn generate(account: &AccountId) -> Self {
        #[expect(clippy::expect_used, reason = "a test makes keys of accounts of every form")]
        Self::of(AccountToken::generate(PREFIX, account)).expect("a key that was just made has an id")
    }

    /// Reads a key's text. Whether there is such a key is for the store to say.
    ///
    /// # Errors
    ///
    /// [`InvalidApiKey`] when no key has such a text.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        let token = AccountToken::parse(PREFIX, text).ok_or(InvalidApiKey)?;
        Self::of(token)
    }

    fn of(token: AccountToken) -> Result<Self, InvalidApiKey> {
        let id = format!("key_{}", token.id_digits());
        let id = id.parse().map_err(|_| InvalidApiKey)?;
        Ok(Self { token, id })
    }

    /// Whose key it is, or would be.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        self.token.account()
    }

    /// Which of the account's keys it is.
    #[must_use]
    pub const fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// The key's text: to show it to its owner once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.token.expose()
    }

    /// What is kept of it: a hash of its text.
    #[must_use]
    pub fn hash(&self) -> String {
        self.token.hash()
    }
}

impl fmt::Debug for ApiKeyToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ApiKeyToken({}, {})", self.account(), self.id)
    }
}

#[cfg(test)]
mod tests;
