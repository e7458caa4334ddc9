//! Keys of an account, for programs that call in its name: Zapier, Make, a customer's own scripts.
//!
//! A key's text is `rk_live_<account>_<16 characters of its id><32 characters>`. So whoever gets it knows where to look it up, and
//! whoever finds one knows whose it is and which one to revoke. The last 160 bits are random and nobody keeps them: what is kept is a
//! hash of the whole text ([`ApiKeyToken::hash`]), so that a key is good for its own account alone.
//!
//! In the text an account's colon is a `~` (`org~acme`), which no account has and every header takes; of Clerk's ids the kind in front is
//! left out (`org_2abc`), as everybody outside writes them. Each key has one spelling.

mod scope;

pub use scope::{Right, Scope, Scopes, Subject, UnknownScope};

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::id::{AccountId, ApiKeyId, fill_random};

/// What every key starts with.
pub const PREFIX: &str = "rk_live_";

/// The longest name of a key, in characters.
pub const MAX_NAME: usize = 100;

/// The digits of ids, which are those of keys as well.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

const ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// A text that is no key of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key: `{PREFIX}`, the account, and 48 characters")]
pub struct InvalidApiKey;

/// A key of an account. It is never printed, and dropping it overwrites its memory.
#[derive(Clone)]
pub struct ApiKeyToken {
    text: SecretString,
    account: AccountId,
    id: ApiKeyId,
}

impl ApiKeyToken {
    /// A new key of an account.
    #[must_use]
    pub fn generate(account: &AccountId) -> Self {
        let text = format!("{PREFIX}{}_{}", outside(account), random_digits());
        #[expect(clippy::expect_used, reason = "a test makes keys of accounts of every form")]
        Self::parse(&text).expect("a key that was just made can be read")
    }

    /// Reads a key's text. Whether there is such a key is for the store to say.
    ///
    /// # Errors
    ///
    /// [`InvalidApiKey`] when no key has such a text.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        let rest = text.strip_prefix(PREFIX).ok_or(InvalidApiKey)?;
        let (account, digits) = rest.rsplit_once('_').ok_or(InvalidApiKey)?;
        let are_digits = digits.bytes().all(|byte| DIGITS.contains(&byte));
        if digits.len() != ID_LEN + SECRET_LEN || !are_digits {
            return Err(InvalidApiKey);
        }
        let known = AccountId::from_outside(&account.replacen('~', ":", 1)).map_err(|_| InvalidApiKey)?;
        if outside(&known) != account {
            return Err(InvalidApiKey);
        }
        let id = format!("key_{}", &digits[..ID_LEN]);
        Ok(Self {
            text: SecretString::from(text),
            account: known,
            id: id.parse().map_err(|_| InvalidApiKey)?,
        })
    }

    /// Whose key it is, or would be.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// Which of the account's keys it is.
    #[must_use]
    pub const fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// The key's text: to show it to its owner once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is kept of it: the hex SHA-256 of its text. Nobody can find 160 random bits by their hash, so a slow hash would protect nothing.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.expose()))
    }
}

impl fmt::Debug for ApiKeyToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ApiKeyToken({}, {})", self.account, self.id)
    }
}

/// An account as keys have it.
fn outside(account: &AccountId) -> String {
    let text = account.as_str();
    match text.split_once(':') {
        Some((_, id)) if account.is_of_clerk() && AccountId::from_outside(id).as_ref() == Ok(account) => {
            id.to_owned()
        }
        _ => text.replacen(':', "~", 1),
    }
}

fn random_digits() -> String {
    let mut bytes = [0; ID_LEN + SECRET_LEN];
    fill_random(&mut bytes);
    let digits = bytes
        .iter()
        .map(|byte| char::from(DIGITS[usize::from(byte % 32)]));
    digits.collect()
}

#[cfg(test)]
mod tests;
