//! The keys: sealing, opening, and tags.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::Mac;
use secrecy::zeroize::Zeroizing;

use super::key::Key;
use super::sealed::{Format, Parts, SealedSecret};
use crate::id::{AccountId, EndpointId};
use crate::signing::SigningSecret;

/// How long a tag is, in bytes: 128 bits of an HMAC-SHA256.
pub const TAG_LEN: usize = 16;

/// Proves that we made a text.
pub type Tag = [u8; TAG_LEN];

/// Why a sealed secret doesn't open. This is the operator's problem, never the receiver's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A key sealed it that `SECRETS_KEY` doesn't list.
    #[error("sealed with key {0}, which SECRETS_KEY does not list")]
    UnknownKey(String),
    /// Somebody changed it, or it belongs to another endpoint or has another number.
    #[error("the sealed secret is damaged or belongs elsewhere")]
    Damaged,
}

/// A value of `SECRETS_KEY` that is not a list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the base64 of 32 bytes, or several separated by commas (make one with `openssl rand -base64 32`)"
)]
pub struct InvalidKeyring;

/// The keys of `SECRETS_KEY`: the first seals, all open. They are never printed, and dropping them overwrites their memory.
#[derive(Clone)]
pub struct SecretsKeyring(Vec<Key>);

impl SecretsKeyring {
    /// Seals the first secret of an endpoint.
    #[must_use]
    pub fn seal(&self, secret: &SigningSecret, account: &AccountId, endpoint: &EndpointId) -> SealedSecret {
        self.seal_as(1, secret.expose(), account, endpoint)
    }

    /// Seals the secret that a rotation replaces `current` with.
    #[must_use]
    pub fn seal_next(
        &self,
        secret: &SigningSecret,
        current: &SealedSecret,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> SealedSecret {
        self.seal_as(
            current.number().saturating_add(1),
            secret.expose(),
            account,
            endpoint,
        )
    }

    fn seal_as(&self, number: u32, secret: &str, account: &AccountId, endpoint: &EndpointId) -> SealedSecret {
        let key = self.sealing();
        let parts = Parts {
            format: Format::V2,
            key_id: &key.id,
            number,
            sealed: "",
        };
        let sealed = key.seal(secret, &parts.associated_data(account, endpoint));
        SealedSecret(format!("v2.{}.{number}.{sealed}", key.id))
    }

    /// Opens the secret of an endpoint.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when no key of the ring sealed it for this account, endpoint and number.
    pub fn open(
        &self,
        sealed: &SealedSecret,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<SigningSecret, OpenError> {
        let text = self.open_text(sealed, account, endpoint)?;
        SigningSecret::parse(&text).map_err(|_| OpenError::Damaged)
    }

    /// Seals a secret anew with the first key and in the present format, under the same number; `None` when it is up to date.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it doesn't open.
    pub fn rewrap(
        &self,
        sealed: &SealedSecret,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<Option<SealedSecret>, OpenError> {
        // It opens even what is up to date: whoever asks wants to do without the other keys, so everything must open.
        let text = self.open_text(sealed, account, endpoint)?;
        let is_current =
            Parts::of(sealed).is_some_and(|parts| parts.format == Format::V2 && parts.key_id == self.0[0].id);
        Ok((!is_current).then(|| self.seal_as(sealed.number(), &text, account, endpoint)))
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn sealing_key_id(&self) -> &str {
        &self.0[0].id
    }

    fn open_text(
        &self,
        sealed: &SealedSecret,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<Zeroizing<String>, OpenError> {
        let parts = Parts::of(sealed).ok_or(OpenError::Damaged)?;
        self.key(parts.key_id)?
            .open(parts.sealed, &parts.associated_data(account, endpoint))
            .ok_or(OpenError::Damaged)
    }

    /// The key that seals.
    pub(super) fn sealing(&self) -> &Key {
        &self.0[0]
    }

    /// The key with this id.
    pub(super) fn key(&self, id: &str) -> Result<&Key, OpenError> {
        let found = self.0.iter().find(|key| key.id == id);
        found.ok_or_else(|| OpenError::UnknownKey(id.to_owned()))
    }

    /// The tag of a text in these parts. The same bytes, divided differently, have another tag.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(&self.0[0].mac(parts).finalize().into_bytes()[..TAG_LEN]);
        tag
    }

    /// Whether a key of the ring made this tag of these parts. A wrong tag takes the same time wherever it differs.
    #[must_use]
    pub fn has_tagged(&self, parts: &[&[u8]], tag: &Tag) -> bool {
        let mut keys = self.0.iter();
        keys.any(|key| key.mac(parts).verify_truncated_left(tag).is_ok())
    }
}

/// What a check value is the tag of.
const CHECK: &[&[u8]] = &[b"SECRETS_KEY"];

impl SecretsKeyring {
    /// What only the first key makes, and what tells nothing about it: kept beside what is sealed, it tells every program whether it
    /// has that key.
    #[must_use]
    pub fn check_value(&self) -> String {
        hex::encode(self.tag(CHECK))
    }

    /// Whether the other ring has the same keys in the same order.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let tags = |ring: &Self| -> Vec<_> {
            let keys = ring.0.iter();
            keys.map(|key| key.mac(CHECK).finalize()).collect()
        };
        tags(self) == tags(other)
    }

    /// Whether a key of the ring made this check value.
    #[must_use]
    pub fn has_made(&self, check_value: &str) -> bool {
        let mut tag = [0; TAG_LEN];
        hex::decode_to_slice(check_value, &mut tag).is_ok() && self.has_tagged(CHECK, &tag)
    }
}

impl FromStr for SecretsKeyring {
    type Err = InvalidKeyring;

    fn from_str(text: &str) -> Result<Self, InvalidKeyring> {
        text.split(',')
            .map(|part| {
                let bytes = Zeroizing::new(BASE64.decode(part.trim()).map_err(|_| InvalidKeyring)?);
                let key = bytes.as_slice().try_into().map_err(|_| InvalidKeyring)?;
                Ok(Key::new(key))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Debug for SecretsKeyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretsKeyring({} keys)", self.0.len())
    }
}
