//! One key: it seals, opens, and makes tags.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};

use crate::id::fill_random;
use crate::signing::keyed;

const NONCE_LEN: usize = 24;

/// Keeps the keys of tags apart from any others that we may derive one day.
const TAGS: &[u8] = b"webhooks tags v1";

#[derive(Clone)]
pub(super) struct Key {
    /// Names the key without telling anything about it.
    pub(super) id: String,
    cipher: XChaCha20Poly1305,
    tags: Hmac<Sha256>,
}

impl Key {
    pub(super) fn new(bytes: &[u8; 32]) -> Self {
        let derived: Zeroizing<[u8; 32]> =
            Zeroizing::new(keyed(bytes).chain_update(TAGS).finalize().into_bytes().into());
        Self {
            id: hex::encode(&Sha256::digest(bytes)[..4]),
            cipher: XChaCha20Poly1305::new(bytes.into()),
            tags: keyed(&*derived),
        }
    }

    /// The base64 of a nonce and of the text as it was sealed. It opens only together with `bound_to`.
    pub(super) fn seal(&self, text: &str, bound_to: &str) -> String {
        let mut sealed = [0_u8; NONCE_LEN].to_vec();
        fill_random(&mut sealed);
        let nonce: [u8; NONCE_LEN] = sealed.as_slice().try_into().unwrap_or([0; NONCE_LEN]);
        let payload = Payload {
            msg: text.as_bytes(),
            aad: bound_to.as_bytes(),
        };
        #[expect(clippy::expect_used, reason = "encryption fails only above 256 GiB")]
        sealed.extend(
            self.cipher
                .encrypt(&XNonce::from(nonce), payload)
                .expect("a short secret can be sealed"),
        );
        BASE64.encode(sealed)
    }

    /// What was sealed; `None` if it was changed, or is bound to something else.
    pub(super) fn open(&self, sealed: &str, bound_to: &str) -> Option<Zeroizing<String>> {
        let bytes = BASE64.decode(sealed).ok()?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: ciphertext,
            aad: bound_to.as_bytes(),
        };
        let text = Zeroizing::new(self.cipher.decrypt(&XNonce::from(nonce), payload).ok()?);
        let text = std::str::from_utf8(&text).ok()?;
        Some(Zeroizing::new(text.to_owned()))
    }

    pub(super) fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        parts.iter().fold(self.tags.clone(), |mac, part| {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.chain_update(length.to_be_bytes()).chain_update(part)
        })
    }
}
