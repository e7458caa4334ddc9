//! Service keys: how the chatbot backend proves itself.
//!
//! A key is `whk_<id>_<random>`. Only its SHA-256 is configured. Comparing takes the same time whether or not a key's
//! id is known, and several keys are valid at once, so that they can be rotated.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::{AuthError, is_jwt, is_key};

/// What every service key starts with.
pub const PREFIX: &str = "whk_";

const MAX_KEY: usize = 512;

/// The service keys that are valid (`SERVICE_KEYS`).
#[derive(Clone, Default)]
pub struct ServiceKeys(Vec<ServiceKey>);

#[derive(Clone)]
struct ServiceKey {
    id: String,
    hash: [u8; 32],
}

impl ServiceKeys {
    /// The id of the service key that a token is.
    ///
    /// # Errors
    ///
    /// [`AuthError`] when it is none of ours.
    pub fn verify(&self, token: &str) -> Result<&str, AuthError> {
        if !token.starts_with(PREFIX) && (is_jwt(token) || is_key(token)) {
            return Err(AuthError::NotAServiceKey);
        }
        self.find(token).ok_or(AuthError::ServiceKey)
    }

    fn find(&self, key: &str) -> Option<&str> {
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
        // The hash covers the id; this only keeps an entry with a wrong id from being logged under that name.
        let entry = found?;
        let rest = key.strip_prefix(PREFIX)?.strip_prefix(entry.id.as_str())?;
        rest.starts_with('_').then_some(entry.id.as_str())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no call of the backend can succeed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
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
                .ok_or_else(|| format!("entry {number} must be `id:sha256hex`"))?;
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
            });
        }
        Ok(Self(keys))
    }
}

#[cfg(test)]
mod tests;
