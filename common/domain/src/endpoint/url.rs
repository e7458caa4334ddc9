//! URLs of endpoints: which ones deliveries may be sent to, as far as the text tells.

use std::fmt;

use url::{Host, Url};

use crate::address::{AddressPolicy, BlockedAddress};

/// The longest URL that we save, in bytes.
pub const MAX_URL: usize = 2048;

/// The lowest port that is allowed beside the usual one of a scheme.
pub const FIRST_FREE_PORT: u16 = 1024;

/// The longest name of a host, in bytes (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;

/// A URL that deliveries may go to, as far as its text tells.
///
/// It has an allowed scheme and a host, and neither a user name nor a password nor a fragment. Its port is 443 (or 80, with
/// `ALLOW_HTTP`) or at least 1024. If its host is an address, the guard lets that through. It is in the normal form of the
/// WHATWG URL standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(Url);

/// Which URLs the operator allows: see `ALLOW_HTTP` and `ALLOW_NETWORKS`.
#[derive(Debug, Clone, Default)]
pub struct UrlPolicy {
    /// Whether `http` is allowed beside `https`.
    pub allow_http: bool,
    /// The guard of hosts that are literal addresses.
    pub addresses: AddressPolicy,
}

/// Why we refuse a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is longer than [`MAX_URL`].
    #[error("is longer than {MAX_URL} bytes")]
    TooLong,
    /// It isn't an absolute URL.
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
    /// It has no host, or one whose name DNS can't hold.
    #[error("has no host that can exist")]
    Host,
    /// Its port is neither an allowed scheme's own nor at least 1024.
    #[error("must use port {0} or a port from {FIRST_FREE_PORT}")]
    Port(&'static str),
    /// Its host is an address that the guard blocks.
    #[error("points to an address that is not public: {0}")]
    Address(#[from] BlockedAddress),
    /// Its host is a name for this machine.
    #[error("points to this machine (`{0}`)")]
    Local(String),
    /// Its host is a name of one label, which means something within a private network alone.
    #[error("has a host without a domain (`{0}`), which is no name on the internet")]
    SingleLabel(String),
}

impl EndpointUrl {
    /// Parses a URL and looks whether it is allowed, by its text alone: it resolves no name.
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
            Some(port) if port >= FIRST_FREE_PORT || default_ports.contains(&port) => {}
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

    /// Looks whether the host is allowed, if it is a literal address, a name for this machine, or one without a domain. The first two
    /// never reach a resolver, so callers must ask before every use. Names without a domain are refused unless an operator opened a
    /// network: what they lead to, and even that they exist, says something about ours.
    ///
    /// # Errors
    ///
    /// [`UrlError::Address`], [`UrlError::Local`] or [`UrlError::SingleLabel`] when it is blocked; [`UrlError::Host`] when the URL has none, or one that
    /// can't exist.
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
                if !bare.contains('.') && !addresses.opens_any() {
                    return Err(UrlError::SingleLabel(name.to_owned()));
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

/// The origin of an endpoint's URL in its normal form: scheme, host and port. `origin_of` in lua/endpoint_update/headers.lua does the same.
#[must_use]
pub fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at);
    &url[..end]
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests;
