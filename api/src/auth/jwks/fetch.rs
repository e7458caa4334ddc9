//! Fetching a key set, and reading what came.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_SET_BYTES: usize = 256 * 1024;

/// The keys of a set by their ids.
pub(super) type Keys = HashMap<String, Arc<DecodingKey>>;

/// Why there is no new set.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer has status {0}")]
    Status(reqwest::StatusCode),
    #[error("the answer is longer than {MAX_SET_BYTES} bytes")]
    TooLong,
    #[error("the answer is not a key set: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the answer contains no RSA key for signatures")]
    Empty,
}

/// The client that fetches sets: it follows no redirect, since we trust the keys of the configured address alone.
///
/// # Errors
///
/// When the system offers no TLS set-up.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(TIMEOUT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("webhooks-api/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Fetches the set.
pub(super) async fn fetch(client: &reqwest::Client, url: &Url) -> Result<Keys, FetchError> {
    let response = client.get(url.clone()).send().await?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > MAX_SET_BYTES {
            return Err(FetchError::TooLong);
        }
    }
    read_set(&body)
}

/// A key set as far as we read it: a key of a kind that we don't know doesn't spoil the others.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct RsaKey {
    kid: String,
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    n: String,
    e: String,
}

fn read_set(body: &[u8]) -> Result<Keys, FetchError> {
    let set: KeySet = serde_json::from_slice(body)?;
    let keys: Keys = set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value::<RsaKey>(key).ok())
        .filter(|key| {
            key.kty == "RSA"
                && key.alg.as_deref().is_none_or(|alg| alg == "RS256")
                && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
        })
        .filter_map(|key| {
            let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
            Some((key.kid, Arc::new(decoding)))
        })
        .collect();
    if keys.is_empty() {
        Err(FetchError::Empty)
    } else {
        Ok(keys)
    }
}
