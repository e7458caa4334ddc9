//! `PORTAL_ORIGINS`: whose web pages may show the dashboard's second page in a frame.

use std::str::FromStr;

use url::{Host, Url};

use super::host::is_domain;
use crate::cors::Origins;

/// How many there may be: they all stand in a header.
const MAX: usize = 50;

/// Origins that each stand for one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortalOrigins(Origins);

impl PortalOrigins {
    /// Each as it was configured.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter()
    }

    /// Refuses pages that come in the clear, unless from this machine, or `allow_http` says that they may.
    pub(crate) fn check_scheme(&self, allow_http: bool) -> Result<(), String> {
        let mut origins = self.iter();
        match origins.find(|origin| !allow_http && !is_safe(origin)) {
            None => Ok(()),
            Some(origin) => Err(format!(
                "`{origin}` must start with https:// unless it is localhost or 127.0.0.1, or ALLOW_HTTP is set"
            )),
        }
    }
}

impl FromStr for PortalOrigins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origins = text.parse::<Origins>()?;
        // A policy takes wildcards, and no IPv6 addresses.
        if let Some(origin) = origins.iter().find(|origin| !is_of_one_domain(origin)) {
            return Err(format!("`{origin}` must have a host name without wildcards"));
        }
        if origins.iter().count() > MAX {
            return Err(format!("must be at most {MAX} origins"));
        }
        Ok(Self(origins))
    }
}

fn is_of_one_domain(origin: &str) -> bool {
    let url = Url::parse(origin).ok();
    url.is_some_and(|url| url.host_str().is_some_and(is_domain))
}

/// Whether nobody on the way could change what comes from there.
fn is_safe(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| {
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(_)) | None => false,
        };
        url.scheme() == "https" || is_here
    })
}
