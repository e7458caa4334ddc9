//! Fetches a key set, and reads it.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
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

/// Why we got no new set.
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
    #[error("the answer contains no key for signatures with an algorithm of ours")]
    Empty,
    #[error("the discovery document is that of another issuer, `{0}`")]
    AnotherIssuer(String),
    #[error("the key set that the discovery document names, `{0}`, is no https address")]
    InTheClear(String),
}

/// Where a key set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// At this address.
    Set(Url),
    /// Where the discovery document of this issuer says.
    Issuer {
        /// The issuer, as its tokens write it.
        issuer: String,
        /// The address of its discovery document.
        discovery: Url,
        /// Whether the set may come in the clear.
        allow_http: bool,
    },
}

impl FromStr for Location {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, url::ParseError> {
        text.parse().map(Self::Set)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(url) => url.fmt(formatter),
            Self::Issuer { discovery, .. } => discovery.fmt(formatter),
        }
    }
}

/// What counts of a discovery document.
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

/// The client that fetches. It follows no redirects: we trust keys from the configured address alone.
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

/// Fetches the set, where it is now.
pub(super) async fn fetch(client: &reqwest::Client, location: &Location) -> Result<Keys, FetchError> {
    let body = match location {
        Location::Set(url) => get(client, url).await?,
        Location::Issuer {
            issuer,
            discovery,
            allow_http,
        } => {
            let found: Discovered = serde_json::from_slice(&get(client, discovery).await?)?;
            if found.issuer != *issuer {
                let start = found.issuer.chars().take(200).collect();
                return Err(FetchError::AnotherIssuer(start));
            }
            let set = Url::parse(&found.jwks_uri).ok();
            let set = set.filter(|url| url.scheme() == "https" || *allow_http);
            let set =
                set.ok_or_else(|| FetchError::InTheClear(found.jwks_uri.chars().take(200).collect()))?;
            get(client, &set).await?
        }
    };
    read_set(&body)
}

/// What is at an address.
async fn get(client: &reqwest::Client, url: &Url) -> Result<Vec<u8>, FetchError> {
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
    Ok(body)
}

/// A key set, its keys unread: one of a kind that we don't know must not spoil the others.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// A key that verifies signatures of ours.
#[derive(Deserialize)]
struct Key {
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    #[serde(flatten)]
    material: Material,
}

#[derive(Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Curve { crv: String, x: String, y: String },
}

impl Key {
    /// `None` if it isn't for RS256 or ES256.
    fn decoding(&self) -> Option<DecodingKey> {
        let (alg, decoding) = match &self.material {
            Material::Rsa { n, e } => ("RS256", DecodingKey::from_rsa_components(n, e)),
            Material::Curve { crv, x, y } if crv == "P-256" => {
                ("ES256", DecodingKey::from_ec_components(x, y))
            }
            Material::Curve { .. } => return None,
        };
        let is_ours = self.alg.as_deref().is_none_or(|given| given == alg)
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        decoding.ok().filter(|_| is_ours)
    }
}

fn read_set(body: &[u8]) -> Result<Keys, FetchError> {
    let set: KeySet = serde_json::from_slice(body)?;
    let keys: Keys = set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value::<Key>(key).ok())
        .filter_map(|key| {
            let decoding = key.decoding()?;
            Some((key.kid, Arc::new(decoding)))
        })
        .collect();
    if keys.is_empty() {
        Err(FetchError::Empty)
    } else {
        Ok(keys)
    }
}
