//! Signatures: how a receiver knows that a delivery is ours.
//!
//! Each delivery carries two. `X-RKT-Signature` is the hex HMAC-SHA256 of the body, keyed with all bytes of the secret's text.
//! `webhook-signature` follows Standard Webhooks: the base64 HMAC-SHA256 of `id.timestamp.body`, keyed with the secret's
//! decoded part. [`SigningSecret::mac`] computes what receivers get when they take another key or another message.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::id::fill_random;

const PREFIX: &str = "whsec_";

/// A text that is no signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signing secret: `whsec_` and standard base64 of 24 to 64 bytes")]
pub struct InvalidSecret;

/// An endpoint's signing secret, with the key of each signature ready to use. It is never printed, and dropping it overwrites
/// its memory.
#[derive(Clone)]
pub struct SigningSecret {
    text: SecretString,
    legacy: Hmac<Sha256>,
    standard: Hmac<Sha256>,
}

impl SigningSecret {
    /// A new secret: `whsec_` and the standard base64 of 32 random bytes.
    #[must_use]
    pub fn generate() -> Self {
        let mut key = Zeroizing::new([0_u8; 32]);
        fill_random(&mut *key);
        let encoded = Zeroizing::new(BASE64.encode(*key));
        Self::from_parts(format!("{PREFIX}{}", *encoded), &*key)
    }

    /// Reads a secret's text.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`] when it isn't `whsec_` and base64 of 24 to 64 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let key = BASE64
            .decode(text.strip_prefix(PREFIX).ok_or(InvalidSecret)?)
            .map(Zeroizing::new)
            .map_err(|_| InvalidSecret)?;
        if (24..=64).contains(&key.len()) {
            Ok(Self::from_parts(text.to_owned(), &key))
        } else {
            Err(InvalidSecret)
        }
    }

    fn from_parts(text: String, key: &[u8]) -> Self {
        Self {
            legacy: keyed(text.as_bytes()),
            standard: keyed(key),
            text: SecretString::from(text),
        }
    }

    /// The secret's text: to show it to its owner once, or to seal it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The value of `X-RKT-Signature` for `body`.
    #[must_use]
    pub fn legacy_signature(&self, body: &[u8]) -> String {
        let mac = self.legacy.clone().chain_update(body).finalize().into_bytes();
        let mut text = vec![0; 2 * mac.len()];
        // It has just that room. (`hex::encode` pushes one character after the other, which takes ten times as long.)
        let _fits = hex::encode_to_slice(mac, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// The value of `webhook-signature` for `body`, sent as message `id` at `timestamp` (seconds since 1970).
    #[must_use]
    pub fn standard_signature(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.standard.clone();
        for part in [id, ".", &timestamp.to_string(), "."] {
            mac.update(part.as_bytes());
        }
        mac.update(body);
        // Room for the 44 characters of 32 bytes.
        let mut text = String::with_capacity(47);
        text.push_str("v1,");
        BASE64.encode_string(mac.finalize().into_bytes(), &mut text);
        text
    }

    /// The MAC of the parts of a message, with a key that may be the wrong one.
    #[must_use]
    pub fn mac(&self, key: KeyForm, message: &[&[u8]]) -> MessageMac {
        let text = self.expose();
        let mut mac = match key {
            KeyForm::WholeText => self.legacy.clone(),
            KeyForm::Decoded => self.standard.clone(),
            KeyForm::Encoded => keyed(text.trim_start_matches(PREFIX).as_bytes()),
            KeyForm::WithLineFeed => keyed(Zeroizing::new(format!("{text}\n")).as_bytes()),
        };
        for part in message {
            mac.update(part);
        }
        MessageMac(mac)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(…)")
    }
}

/// What somebody may take for the key. The first two are right, each for its own header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// All bytes of the secret's text, as for `X-RKT-Signature`.
    WholeText,
    /// The decoded part of it, as for `webhook-signature`.
    Decoded,
    /// What follows `whsec_`, not decoded.
    Encoded,
    /// The text and a line feed, as a file may hold it.
    WithLineFeed,
}

impl KeyForm {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::WholeText, Self::Decoded, Self::Encoded, Self::WithLineFeed];
}

/// The MAC of a message: to compare, not to read.
pub struct MessageMac(Hmac<Sha256>);

impl MessageMac {
    /// Whether it equals `given`. The time that this takes tells nothing about the MAC.
    #[must_use]
    pub fn is(&self, given: &[u8]) -> bool {
        self.0.clone().verify_slice(given).is_ok()
    }
}

impl fmt::Debug for MessageMac {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MessageMac(…)")
    }
}

/// An HMAC-SHA256 with this key, whatever its length.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104 §2)")]
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests;
