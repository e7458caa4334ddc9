//! Where a connection leads.

use reqwest::Url;

/// Where a connection leads: only requests to the same may share it, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    pub(super) is_tls: bool,
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Destination {
    pub(super) fn of(url: &Url) -> Self {
        let is_tls = url.scheme() == "https";
        Self {
            is_tls,
            host: url
                .host_str()
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .to_owned(),
            port: url.port().unwrap_or(if is_tls { 443 } else { 80 }),
        }
    }
}
