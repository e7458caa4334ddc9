//! Endpoints: a customer's URL with its subscription, and the state that deliveries leave on it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::address::{AddressPolicy, BlockedAddress};
use crate::clock::Timestamp;
use crate::event::Subscription;
use crate::id::{AccountId, DeliveryId, EndpointId};
use crate::sealing::SealedSecret;

/// The longest URL that can be saved, in bytes.
pub const MAX_URL: usize = 2048;

/// The longest name of a host, in bytes (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;

/// The longest description that can be saved, in characters.
pub const MAX_DESCRIPTION: usize = 500;

/// A URL that deliveries may be sent to, as far as its text tells.
///
/// It has a scheme that is allowed, a host, no user name, no password and no fragment, a port that is 443 (80 with
/// `ALLOW_HTTP`) or at least 1024, and if its host is an address, one that the guard lets through. It is kept in
/// the normal form of the WHATWG URL standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(Url);

/// What URLs are allowed: see `ALLOW_HTTP` and `ALLOW_NETWORKS`.
#[derive(Debug, Clone, Default)]
pub struct UrlPolicy {
    /// Whether `http` is allowed beside `https`.
    pub allow_http: bool,
    /// The address guard, for hosts that are literal addresses.
    pub addresses: AddressPolicy,
}

/// Why a URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is longer than [`MAX_URL`].
    #[error("is longer than {MAX_URL} bytes")]
    TooLong,
    /// It doesn't parse as an absolute URL.
    #[error("is not an absolute URL: {0}")]
    Malformed(url::ParseError),
    /// Its scheme is not allowed.
    #[error("must start with {0}")]
    Scheme(&'static str),
    /// It has a user name or a password.
    #[error("must not contain a user name or a password")]
    Credentials,
    /// It has a fragment.
    #[error("must not contain a fragment (`#…`)")]
    Fragment,
    /// It has no host, or a name that can't be in the name system.
    #[error("has no host that can exist")]
    Host,
    /// Its port is neither the scheme's own nor at least 1024.
    #[error("must use port {0} or a port from 1024")]
    Port(&'static str),
    /// Its host is an address that is blocked.
    #[error("points to an address that is not public: {0}")]
    Address(#[from] BlockedAddress),
    /// Its host is a name for this machine.
    #[error("points to this machine (`{0}`)")]
    Local(String),
}

impl UrlError {
    /// The stable code that the API answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "url_too_long",
            Self::Malformed(_) | Self::Host => "url_malformed",
            Self::Scheme(_) => "url_scheme_not_allowed",
            Self::Credentials => "url_has_credentials",
            Self::Fragment => "url_has_fragment",
            Self::Port(_) => "url_port_not_allowed",
            Self::Address(_) | Self::Local(_) => "url_address_blocked",
        }
    }
}

impl EndpointUrl {
    /// Parses and judges a URL by its text alone; nothing is resolved.
    ///
    /// # Errors
    ///
    /// [`UrlError`] when the URL may not be used.
    pub fn parse(text: &str, policy: &UrlPolicy) -> Result<Self, UrlError> {
        if text.len() > MAX_URL {
            return Err(UrlError::TooLong);
        }
        let url = Url::parse(text).map_err(UrlError::Malformed)?;
        let default_ports: &[u16] = match url.scheme() {
            "https" => &[443],
            "http" if policy.allow_http => &[80, 443],
            _ if policy.allow_http => return Err(UrlError::Scheme("https:// or http://")),
            _ => return Err(UrlError::Scheme("https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        match url.port_or_known_default() {
            Some(port) if port >= 1024 || default_ports.contains(&port) => {}
            Some(80) if policy.allow_http => {}
            _ => return Err(UrlError::Port(if policy.allow_http { "443, 80" } else { "443" })),
        }
        if url.as_str().len() > MAX_URL {
            return Err(UrlError::TooLong);
        }
        let url = Self(url);
        url.check_literal(&policy.addresses)?;
        Ok(url)
    }

    /// Judges the host if it is a literal address or a name for this machine. Such hosts never reach a resolver, so
    /// this must be asked before every use.
    ///
    /// # Errors
    ///
    /// [`UrlError::Address`] or [`UrlError::Local`] when it is blocked; [`UrlError::Host`] when there is none, or none that
    /// can exist.
    pub fn check_literal(&self, addresses: &AddressPolicy) -> Result<(), UrlError> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Ok(addresses.check(address.into())?),
            Some(Host::Ipv6(address)) => Ok(addresses.check(address.into())?),
            Some(Host::Domain(name)) => {
                let bare = name.strip_suffix('.').unwrap_or(name);
                // No name server knows such names, and a resolver may take them for something else.
                if bare.len() > MAX_HOST || bare.split('.').any(|label| !(1..=63).contains(&label.len())) {
                    return Err(UrlError::Host);
                }
                let is_local = bare == "localhost" || bare.ends_with(".localhost");
                // RFC 6761 §6.3: these names mean loopback, whatever a resolver would say.
                if is_local && addresses.check(std::net::Ipv4Addr::LOCALHOST.into()).is_err() {
                    return Err(UrlError::Local(name.to_owned()));
                }
                Ok(())
            }
            None => Err(UrlError::Host),
        }
    }

    /// The URL in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed URL.
    #[must_use]
    pub const fn as_url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

/// Whether an endpoint takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointState {
    /// Deliveries are sent.
    Active,
    /// Failures switched it off: deliveries, and events that arrive, are parked.
    Disabled,
    /// Its owner switched it off: its deliveries are parked, and new events pass it by.
    Off,
}

/// Why an endpoint is not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// Ten attempts (`DISABLE_AFTER`) failed in a row.
    ConsecutiveFailures,
    /// The receiver answered `410 Gone`.
    Gone,
    /// Its owner switched it off.
    Owner,
}

impl DisabledReason {
    /// The stable name, the same in Redis and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::Gone => "gone",
            Self::Owner => "owner",
        }
    }

    /// Reads the stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ConsecutiveFailures, Self::Gone, Self::Owner]
            .into_iter()
            .find(|reason| reason.as_str() == name)
    }
}

/// What the most recent attempt on an endpoint came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastAttempt {
    /// When it was recorded.
    pub at: Timestamp,
    /// The delivery that was attempted.
    pub delivery_id: DeliveryId,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// Whether the receiver answered 2xx in time.
    pub succeeded: bool,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The stable code of what went wrong (see [`crate::delivery::Failure`]); `None` on success.
    pub error: Option<String>,
}

/// An endpoint's deliveries that are not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueDepth {
    /// Wait for their turn.
    pub waiting: u64,
    /// Wait for the time of their next attempt.
    pub retrying: u64,
    /// A worker holds a lease on them.
    pub in_flight: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

impl QueueDepth {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.waiting + self.retrying + self.in_flight
    }
}

/// How long the secret before the last rotation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretGrace {
    /// Until then it signs beside the new one.
    pub until: Timestamp,
    /// Until then `X-RKT-Signature` is made with it.
    pub legacy_uses_previous: bool,
}

/// An endpoint as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// The account that owns it.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: String,
    /// What it subscribes to; never empty.
    pub events: Vec<Subscription>,
    /// Only events of this chatbot, if set.
    pub chatbot_id: Option<String>,
    /// The owner's own words.
    pub description: Option<String>,
    /// Whether it takes part.
    pub state: EndpointState,
    /// Failed attempts in a row.
    pub consecutive_failures: u32,
    /// Why it is not active; `None` while it is.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when it is not active; `None` while it is.
    pub disabled_at: Option<Timestamp>,
    /// The most recent attempt, if there was one.
    pub last_attempt: Option<LastAttempt>,
    /// Deliveries that are not finished.
    pub queue: QueueDepth,
    /// Since when its attempts fail; `None` after a success.
    pub failing_since: Option<Timestamp>,
    /// The grace of its last secret rotation, over or not.
    pub grace: Option<SecretGrace>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

/// What is needed to make an endpoint. Id and secret are made before the store is called, so that the call can be
/// repeated.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// A fresh id.
    pub id: EndpointId,
    /// The account that will own it.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: EndpointUrl,
    /// What it subscribes to; not empty.
    pub events: Vec<Subscription>,
    /// Only events of this chatbot, if set.
    pub chatbot_id: Option<String>,
    /// The owner's own words.
    pub description: Option<String>,
    /// The signing secret, sealed for this endpoint.
    pub secret: SealedSecret,
}

/// What becomes of an endpoint's parked deliveries when it is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ParkedAction {
    /// They become due at once.
    #[default]
    Deliver,
    /// They are canceled.
    Discard,
}

/// A change to an endpoint, as absolute values: repeating it changes nothing. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct EndpointPatch {
    /// The state that is wanted.
    pub active: Option<bool>,
    /// A new URL. It starts a new generation: results of the old URL no longer count.
    pub url: Option<EndpointUrl>,
    /// A new subscription; not empty.
    pub events: Option<Vec<Subscription>>,
    /// A new chatbot filter; `Some(None)` removes it.
    pub chatbot_id: Option<Option<String>>,
    /// A new description; `Some(None)` removes it.
    pub description: Option<Option<String>>,
    /// What becomes of parked deliveries if this switches the endpoint on.
    pub parked: ParkedAction,
}

#[cfg(test)]
mod tests;
