//! The keys: sealing, opening, and tags.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use super::sealed::{Format, Parts, SealedSecret};
use crate::id::{AccountId, EndpointId, fill_random};
use crate::signing::{SigningSecret, keyed};

const NONCE_LEN: usize = 24;

/// Keeps the keys of tags apart from any others that we may derive one day.
const TAGS: &[u8] = b"webhooks tags v1";

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

#[derive(Clone)]
struct Key {
    /// Names the key without telling anything about it.
    id: String,
    cipher: XChaCha20Poly1305,
    tags: Hmac<Sha256>,
}

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
        let Key {
            id: key_id, cipher, ..
        } = &self.0[0];
        let mut sealed = [0_u8; NONCE_LEN].to_vec();
        fill_random(&mut sealed);
        let nonce: [u8; NONCE_LEN] = sealed.as_slice().try_into().unwrap_or([0; NONCE_LEN]);
        let parts = Parts {
            format: Format::V2,
            key_id,
            number,
            sealed: "",
        };
        let bound_to = parts.associated_data(account, endpoint);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: bound_to.as_bytes(),
        };
        #[expect(clippy::expect_used, reason = "encryption fails only above 256 GiB")]
        sealed.extend(
            cipher
                .encrypt(&XNonce::from(nonce), payload)
                .expect("a short secret can be sealed"),
        );
        SealedSecret(format!("v2.{key_id}.{number}.{}", BASE64.encode(sealed)))
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
        let Key { cipher, .. } = self
            .0
            .iter()
            .find(|key| key.id == parts.key_id)
            .ok_or_else(|| OpenError::UnknownKey(parts.key_id.to_owned()))?;
        let bytes = BASE64.decode(parts.sealed).map_err(|_| OpenError::Damaged)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_LEN).ok_or(OpenError::Damaged)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| OpenError::Damaged)?;
        let bound_to = parts.associated_data(account, endpoint);
        let payload = Payload {
            msg: ciphertext,
            aad: bound_to.as_bytes(),
        };
        let text = Zeroizing::new(
            cipher
                .decrypt(&XNonce::from(nonce), payload)
                .map_err(|_| OpenError::Damaged)?,
        );
        let text = std::str::from_utf8(&text).map_err(|_| OpenError::Damaged)?;
        Ok(Zeroizing::new(text.to_owned()))
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

impl Key {
    fn new(bytes: &[u8; 32]) -> Self {
        let derived: Zeroizing<[u8; 32]> =
            Zeroizing::new(keyed(bytes).chain_update(TAGS).finalize().into_bytes().into());
        Self {
            id: hex::encode(&Sha256::digest(bytes)[..4]),
            cipher: XChaCha20Poly1305::new(bytes.into()),
            tags: keyed(&*derived),
        }
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        parts.iter().fold(self.tags.clone(), |mac, part| {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.chain_update(length.to_be_bytes()).chain_update(part)
        })
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
