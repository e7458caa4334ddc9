//! Which addresses our requests may go to.
//!
//! Customers choose the URLs, so the guard looks at every address before we send a byte: at literal ones when somebody saves
//! the URL and before each use, at resolved ones when we connect. It blocks every range that is not global unicast, and looks
//! at the inner address where an IPv6 address embeds an IPv4 one. An operator can open networks (`ALLOW_NETWORKS`);
//! development opens loopback.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Blocked IPv4 ranges, each with the document that sets it aside.
const BLOCKED_V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "this network (RFC 791)"),
    (v4(10, 0, 0, 0, 8), "private (RFC 1918)"),
    (v4(100, 64, 0, 0, 10), "shared by carriers (RFC 6598)"),
    (v4(127, 0, 0, 0, 8), "loopback (RFC 1122)"),
    (v4(169, 254, 0, 0, 16), "link-local (RFC 3927)"),
    (v4(172, 16, 0, 0, 12), "private (RFC 1918)"),
    (v4(192, 0, 0, 0, 24), "protocol assignments (RFC 6890)"),
    (v4(192, 0, 2, 0, 24), "documentation (RFC 5737)"),
    (v4(192, 88, 99, 0, 24), "6to4 relay (RFC 7526)"),
    (v4(192, 168, 0, 0, 16), "private (RFC 1918)"),
    (v4(198, 18, 0, 0, 15), "benchmarking (RFC 2544)"),
    (v4(198, 51, 100, 0, 24), "documentation (RFC 5737)"),
    (v4(203, 0, 113, 0, 24), "documentation (RFC 5737)"),
    (v4(224, 0, 0, 0, 4), "multicast (RFC 5771)"),
    (v4(240, 0, 0, 0, 4), "reserved (RFC 1112), broadcast (RFC 919)"),
    // Registered as global, but machines in that cloud reach internal services there; no RFC sets it aside.
    (v4(168, 63, 129, 16, 32), "the platform's own services (Azure)"),
];

/// The only IPv6 range with global unicast addresses (RFC 4291 §2.4) …
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// … without these.
const BLOCKED_V6: &[(Ipv6Net, &str)] = &[
    (
        v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
        "protocol assignments (RFC 2928)",
    ),
    (
        v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
        "documentation (RFC 3849)",
    ),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "6to4 (RFC 3056)"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation (RFC 9637)"),
];

/// IPv6 forms that carry an IPv4 address in their last 32 bits: mapped (RFC 4291) and NAT64 (RFC 6052).
const EMBEDDED_V4: &[Ipv6Net] = &[
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(s: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(
        Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]),
        prefix,
    )
}

/// An address that our requests may not go to, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} is blocked: {reason}")]
pub struct BlockedAddress {
    /// The address; where it embedded an IPv4 address, that one.
    pub address: IpAddr,
    /// What its range is set aside for.
    pub reason: &'static str,
}

/// The address guard: it lets through global addresses, and networks that an operator opened.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allowed: Vec<IpNet>,
}

impl AddressPolicy {
    /// A guard that also lets through the networks in `allowed` (`ALLOW_NETWORKS`).
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether an operator opened a network, as in development.
    #[must_use]
    pub const fn opens_any(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Lets an address through, or says why not.
    ///
    /// # Errors
    ///
    /// [`BlockedAddress`] when it is in a blocked range that no operator opened.
    pub fn check(&self, address: IpAddr) -> Result<(), BlockedAddress> {
        let address = unwrap_embedded(address);
        if self.allowed.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        match blocked_reason(address) {
            Some(reason) => Err(BlockedAddress { address, reason }),
            None => Ok(()),
        }
    }
}

/// The IPv4 address inside an IPv6 one that embeds it, else the address itself.
fn unwrap_embedded(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if EMBEDDED_V4.iter().any(|network| network.contains(&v6)) => {
            let octets = v6.octets();
            IpAddr::V4(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]))
        }
        other => other,
    }
}

fn blocked_reason(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => BLOCKED_V4
            .iter()
            .find(|(network, _)| network.contains(&v4))
            .map(|(_, reason)| *reason),
        IpAddr::V6(v6) if !GLOBAL_V6.contains(&v6) => Some("not global unicast (RFC 4291)"),
        IpAddr::V6(v6) => BLOCKED_V6
            .iter()
            .find(|(network, _)| network.contains(&v6))
            .map(|(_, reason)| *reason),
    }
}

#[cfg(test)]
mod tests;
