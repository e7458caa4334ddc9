//! Tokens that name the account they are good for: its keys ([`crate::api_key`]) and its portal sessions ([`crate::portal_session`]).
//!
//! A token's text is `<prefix><account>_<16 characters of its id><32 characters>`. So whoever gets it knows where to look it up, and
//! whoever finds one knows whose it is and which one to revoke. The last 160 bits are random and nobody keeps them: what is kept is a
//! hash of the whole text, so that a token is good for its own account alone.
//!
//! In the text an account's colon is a `~` (`org~acme`), which no account has and every header takes; of Clerk's ids the kind in front is
//! left out (`org_2abc`), as everybody outside writes them. Each token has one spelling.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::id::{AccountId, fill_random};

/// The digits of ids, which are those of tokens as well.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

const ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// A token of an account. Dropping it overwrites its memory.
#[derive(Clone)]
pub(crate) struct AccountToken {
    text: SecretString,
    account: AccountId,
}

impl AccountToken {
    /// A new token of an account.
    pub(crate) fn generate(prefix: &str, account: &AccountId) -> Self {
        let text = format!("{prefix}{}_{}", outside(account), random_digits());
        Self {
            text: SecretString::from(text),
            account: account.clone(),
        }
    }

    /// Reads a token's text; `None` when no token has such a text.
    pub(crate) fn parse(prefix: &str, text: &str) -> Option<Self> {
        let (account, digits) = text.strip_prefix(prefix)?.rsplit_once('_')?;
        let are_digits = digits.bytes().all(|byte| DIGITS.contains(&byte));
        if digits.len() != ID_LEN + SECRET_LEN || !are_digits {
            return None;
        }
        let known = AccountId::from_outside(&account.replacen('~', ":", 1)).ok()?;
        (outside(&known) == account).then(|| Self {
            text: SecretString::from(text),
            account: known,
        })
    }

    pub(crate) const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The characters of its id.
    pub(crate) fn id_digits(&self) -> &str {
        let text = self.expose();
        let start = text.len() - ID_LEN - SECRET_LEN;
        &text[start..start + ID_LEN]
    }

    pub(crate) fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is kept of it: the hex SHA-256 of its text. Nobody can find 160 random bits by their hash, so a slow hash would protect nothing.
    pub(crate) fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.expose()))
    }
}

/// An account as tokens have it.
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
