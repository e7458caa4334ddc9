//! What counts as one host: a registered domain with all names below it, or an address. Who owns one can make any number of names in
//! it, and they all live and die together.

use std::net::{IpAddr, Ipv6Addr};

/// A registered domain, or an address. Of IPv6 the first half: one connection has all addresses behind that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Site(String);

impl Site {
    /// The site of a URL's host.
    pub(crate) fn of(host: &str) -> Self {
        let host = host.trim_matches(['[', ']']);
        match host.parse() {
            Ok(IpAddr::V4(address)) => return Self(address.to_string()),
            Ok(IpAddr::V6(address)) => {
                let network = u128::from(address) >> 64 << 64;
                return Self(Ipv6Addr::from(network).to_string());
            }
            Err(_) => {}
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        Self(psl::domain_str(&name).unwrap_or(&name).to_owned())
    }
}

#[cfg(test)]
mod tests;
