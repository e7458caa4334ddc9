//! Whether a webhook is genuine, and at most 5 minutes old.
//! With the crates base64 0.22, hmac 0.13, http 1 and sha2 0.11.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

const TOLERANCE: u64 = 5 * 60; // seconds

/// `body`: as it came, not parsed. In axum: `body: Bytes`
pub fn verify_webhook(body: &[u8], headers: &HeaderMap, secret: &str) -> bool {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let id = header("webhook-id").unwrap_or_default();
    let timestamp = header("webhook-timestamp").unwrap_or_default();
    let signatures = header("webhook-signature").unwrap_or_default();
    let sent: u64 = timestamp.parse().unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    if now.map_or(0, |now| now.as_secs()).abs_diff(sent) > TOLERANCE {
        return false;
    }
    let key = STANDARD.decode(secret.trim_start_matches("whsec_"));
    let Some(mac) = key.ok().and_then(|key| Hmac::<Sha256>::new_from_slice(&key).ok()) else {
        return false;
    };
    let mac = mac.chain_update(format!("{id}.{timestamp}.")).chain_update(body);
    // While a secret is being replaced there are two signatures.
    signatures.split(' ').any(|signature| {
        let given = STANDARD.decode(signature.strip_prefix("v1,").unwrap_or_default());
        given.is_ok_and(|given| mac.clone().verify_slice(&given).is_ok())
    })
}
