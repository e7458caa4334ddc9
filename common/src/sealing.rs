//! Signing secrets at rest: sealed with XChaCha20-Poly1305, so that a copy of Redis gives none away.
//!
//! The account and the endpoint are authenticated with the secret: a sealed secret that is moved to another endpoint
//! doesn't open. A key ring allows rotation: the first key seals, every key opens.
//!
//! The same ring authenticates texts that are not secret, but that nobody else may make: what the API hands out and gets
//! back. Keys for that are derived, so that no tag tells anything about a sealed secret.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use crate::id::{AccountId, EndpointId, fill_random};
use crate::signing::{SigningSecret, keyed};

const NONCE_LEN: usize = 24;

/// Keeps the keys of tags apart from whatever else may be derived one day.
const TAGS: &[u8] = b"webhooks tags v1";

/// How long a tag is, in bytes: 128 bits of an HMAC-SHA256.
pub const TAG_LEN: usize = 16;

/// Proves that a text was made here.
pub type Tag = [u8; TAG_LEN];

/// A signing secret as Redis keeps it: `v1.<key>.<base64 of nonce and ciphertext>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// Takes the text that Redis holds. Whether it opens is found out by [`SecretsKeyring::open`].
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text for Redis.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a sealed secret does not open. It is an operator's problem, never a receiver's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed with a key that `SECRETS_KEY` doesn't list.
    #[error("sealed with key {0}, which SECRETS_KEY does not list")]
    UnknownKey(String),
    /// It was changed, or belongs to another endpoint.
    #[error("the sealed secret is damaged or belongs to another endpoint")]
    Damaged,
}

/// A value of `SECRETS_KEY` that is no key ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the base64 of 32 bytes, or several separated by commas (make one with `openssl rand -base64 32`)"
)]
pub struct InvalidKeyring;

/// The keys of `SECRETS_KEY`: the first seals, all open. Never printed.
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
    /// Seals a secret for one endpoint.
    #[must_use]
    pub fn seal(&self, secret: &SigningSecret, account: &AccountId, endpoint: &EndpointId) -> SealedSecret {
        let Key {
            id: key_id, cipher, ..
        } = &self.0[0];
        let mut sealed = [0_u8; NONCE_LEN].to_vec();
        fill_random(&mut sealed);
        let nonce: [u8; NONCE_LEN] = sealed.as_slice().try_into().unwrap_or([0; NONCE_LEN]);
        let bound_to = associated_data(account, endpoint);
        let payload = Payload {
            msg: secret.expose().as_bytes(),
            aad: bound_to.as_bytes(),
        };
        #[expect(clippy::expect_used, reason = "encryption fails only above 256 GiB")]
        sealed.extend(
            cipher
                .encrypt(&XNonce::from(nonce), payload)
                .expect("a short secret can be sealed"),
        );
        SealedSecret(format!("v1.{key_id}.{}", BASE64.encode(sealed)))
    }

    /// Opens the secret of an endpoint.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when no key of the ring sealed it for this account and endpoint.
    pub fn open(
        &self,
        sealed: &SealedSecret,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<SigningSecret, OpenError> {
        let mut parts = sealed.0.splitn(3, '.');
        let (Some("v1"), Some(key_id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(OpenError::Damaged);
        };
        let Key { cipher, .. } = self
            .0
            .iter()
            .find(|key| key.id == key_id)
            .ok_or_else(|| OpenError::UnknownKey(key_id.to_owned()))?;
        let bytes = BASE64.decode(text).map_err(|_| OpenError::Damaged)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_LEN).ok_or(OpenError::Damaged)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| OpenError::Damaged)?;
        let bound_to = associated_data(account, endpoint);
        let payload = Payload {
            msg: ciphertext,
            aad: bound_to.as_bytes(),
        };
        let text = cipher
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| OpenError::Damaged)?;
        std::str::from_utf8(&text)
            .ok()
            .and_then(|text| SigningSecret::parse(text).ok())
            .ok_or(OpenError::Damaged)
    }

    /// The tag of a text that consists of these parts. The same bytes divided in another way have another tag.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut tag = [0; TAG_LEN];
        tag.copy_from_slice(&self.0[0].mac(parts).finalize().into_bytes()[..TAG_LEN]);
        tag
    }

    /// Whether a key of the ring made this tag of these parts. Takes the same time wherever a wrong tag differs.
    #[must_use]
    pub fn has_tagged(&self, parts: &[&[u8]], tag: &Tag) -> bool {
        let mut keys = self.0.iter();
        keys.any(|key| key.mac(parts).verify_truncated_left(tag).is_ok())
    }
}

impl Key {
    fn new(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let derived = keyed(&*bytes).chain_update(TAGS).finalize();
        Self {
            id: hex::encode(&Sha256::digest(*bytes)[..4]),
            cipher: XChaCha20Poly1305::new(&(*bytes).into()),
            tags: keyed(&derived.into_bytes()),
        }
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        parts.iter().fold(self.tags.clone(), |mac, part| {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.chain_update(length.to_be_bytes()).chain_update(part)
        })
    }
}

fn associated_data(account: &AccountId, endpoint: &EndpointId) -> String {
    format!("v1|{account}|{endpoint}")
}

impl FromStr for SecretsKeyring {
    type Err = InvalidKeyring;

    fn from_str(text: &str) -> Result<Self, InvalidKeyring> {
        text.split(',')
            .map(|part| {
                BASE64
                    .decode(part.trim())
                    .ok()
                    .and_then(|key| key.try_into().ok())
                    .map(Key::new)
                    .ok_or(InvalidKeyring)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(keys: &[u8]) -> SecretsKeyring {
        keys.iter()
            .map(|byte| BASE64.encode([*byte; 32]))
            .collect::<Vec<_>>()
            .join(",")
            .parse()
            .unwrap()
    }

    #[test]
    fn what_is_sealed_opens_only_for_its_endpoint() {
        let (ring, secret) = (ring(&[1]), SigningSecret::generate());
        let (account, endpoint): (AccountId, _) = ("org:a".parse().unwrap(), EndpointId::random());
        let sealed = ring.seal(&secret, &account, &endpoint);
        assert!(!sealed.as_str().contains(secret.expose()));
        assert_ne!(
            sealed,
            ring.seal(&secret, &account, &endpoint),
            "a nonce is used once"
        );
        assert_eq!(
            ring.open(&sealed, &account, &endpoint).unwrap().expose(),
            secret.expose()
        );
        assert_eq!(
            ring.open(&sealed, &account, &EndpointId::random()).unwrap_err(),
            OpenError::Damaged
        );
        assert_eq!(
            ring.open(&sealed, &"org:b".parse().unwrap(), &endpoint)
                .unwrap_err(),
            OpenError::Damaged
        );
        for text in ["", "v1", "v1..", "v2.x.y", "plain whsec_"] {
            assert!(
                ring.open(&SealedSecret::from_stored(text.to_owned()), &account, &endpoint)
                    .is_err()
            );
        }
    }

    #[test]
    fn rotation_keeps_old_secrets_readable() {
        let (account, endpoint): (AccountId, _) = ("user:u".parse().unwrap(), EndpointId::random());
        let sealed = ring(&[1]).seal(&SigningSecret::generate(), &account, &endpoint);
        assert!(ring(&[2, 1]).open(&sealed, &account, &endpoint).is_ok());
        assert!(matches!(
            ring(&[2]).open(&sealed, &account, &endpoint),
            Err(OpenError::UnknownKey(_))
        ));
    }

    #[test]
    fn a_tag_is_of_one_text_and_one_of_the_keys() {
        let parts: [&[u8]; 2] = [b"purpose", b"text"];
        let tag = ring(&[1]).tag(&parts);
        assert_eq!(tag, ring(&[1, 2]).tag(&parts), "the first key makes tags");
        assert!(ring(&[1]).has_tagged(&parts, &tag) && ring(&[2, 1]).has_tagged(&parts, &tag));
        assert!(!ring(&[2]).has_tagged(&parts, &tag));
        let others: [&[&[u8]]; 4] = [
            &[b"purpose", b"Text"],
            &[b"purposet", b"ext"],
            &[b"purposetext"],
            &[],
        ];
        for other in others {
            assert!(!ring(&[1]).has_tagged(other, &tag), "{other:?}");
        }
        for bit in 0..8 * TAG_LEN {
            let mut forged = tag;
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!ring(&[1]).has_tagged(&parts, &forged), "bit {bit}");
        }
    }

    #[test]
    fn a_wrong_key_is_refused() {
        for bad in ["", "x", "AAAA", &format!("{},", BASE64.encode([1; 32]))] {
            assert!(bad.parse::<SecretsKeyring>().is_err(), "{bad}");
        }
    }
}
