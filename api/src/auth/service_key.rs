//! Service keys: how the chatbot backend proves itself.
//!
//! A key is `whk_<id>_<random>`; the configuration has only its SHA-256, and behind it `:manage` if the key may call for accounts. Comparing takes the same time whether or not the
//! key's id is known. Several keys can be valid at once, so that operators can rotate them. Those that operators keep in the store are
//! verified in the same way (`service_key_book`).

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::{AuthError, is_jwt, is_key};

/// What every service key starts with.
pub const PREFIX: &str = "whk_";

const MAX_KEY: usize = 512;

/// Service keys that are valid, such as those of `SERVICE_KEYS`.
#[derive(Clone, Default)]
pub struct ServiceKeys(Vec<ServiceKey>);

/// A service key that is valid.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceKey {
    id: String,
    hash: [u8; 32],
    may_manage: bool,
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.id)
    }
}

impl ServiceKey {
    /// The key with this SHA-256.
    pub(super) fn new(id: &str, hash: [u8; 32], may_manage: bool) -> Self {
        Self {
            id: id.to_owned(),
            hash,
            may_manage,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it may call in the name of any account; else it can push events, and read nothing.
    #[must_use]
    pub const fn may_manage(&self) -> bool {
        self.may_manage
    }
}

impl ServiceKeys {
    /// Which of these keys a token is.
    ///
    /// # Errors
    ///
    /// [`AuthError`] when the token isn't one of these keys.
    pub fn verify(&self, token: &str) -> Result<ServiceKey, AuthError> {
        if !token.starts_with(PREFIX) && (is_jwt(token) || is_key(token)) {
            return Err(AuthError::NotAServiceKey);
        }
        self.find(token).cloned().ok_or(AuthError::ServiceKey)
    }

    fn find(&self, key: &str) -> Option<&ServiceKey> {
        if key.len() > MAX_KEY {
            return None;
        }
        let hash = Sha256::digest(key.as_bytes());
        let mut found = None;
        for entry in &self.0 {
            let same: Choice = entry.hash.as_slice().ct_eq(hash.as_slice());
            if bool::from(same) {
                found = Some(entry);
            }
        }
        // The hash covers the id already. This only keeps a key that is configured under a wrong id from logging under that id.
        let entry = found?;
        let rest = key.strip_prefix(PREFIX)?.strip_prefix(entry.id.as_str())?;
        rest.starts_with('_').then_some(entry)
    }

    /// Whether one has this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// Whether this very key is one of them.
    #[must_use]
    pub fn contains(&self, key: &ServiceKey) -> bool {
        self.0.contains(key)
    }

    /// These and others.
    pub(super) fn with(&self, others: impl IntoIterator<Item = ServiceKey>) -> Self {
        Self(self.0.iter().cloned().chain(others).collect())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, so that no backend can push events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(&self.0).finish()
    }
}

impl FromStr for ServiceKeys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut keys: Vec<ServiceKey> = Vec::new();
        for (index, entry) in program::config::split_list(text).enumerate() {
            let number = index + 1;
            let (id, hash) = entry
                .split_once(':')
                .ok_or_else(|| format!("entry {number} must be `id:sha256hex`, or `id:sha256hex:manage`"))?;
            let (hash, may_manage) = match hash.split_once(':') {
                None => (hash, false),
                Some((hash, "manage")) => (hash, true),
                Some(_) => {
                    return Err(format!(
                        "entry {number} may end with `:manage` behind its hash, and with nothing else"
                    ));
                }
            };
            let is_id = (1..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if !is_id {
                return Err(format!(
                    "the id of entry {number} must be 1 to 64 letters, digits, `-` or `_`"
                ));
            }
            if keys.iter().any(|key| key.id == id) {
                return Err(format!("the id `{id}` is there twice"));
            }
            let bytes = hex::decode(hash).ok().and_then(|bytes| bytes.try_into().ok());
            let hash = bytes.ok_or_else(|| {
                format!("the hash of `{id}` must be the 64 hexadecimal digits of the key's SHA-256")
            })?;
            keys.push(ServiceKey {
                id: id.to_owned(),
                hash,
                may_manage,
            });
        }
        Ok(Self(keys))
    }
}

#[cfg(test)]
mod tests;
