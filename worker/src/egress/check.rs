//! `EGRESS_CHECK`: what the operator knows to be always there.

use std::fmt;
use std::str::FromStr;

use program::config::split_list;
use reqwest::Url;

/// Addresses that answer whenever our network is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressCheck(Vec<Url>);

impl EgressCheck {
    /// What to connect to; with TLS if it is `https`.
    pub(super) fn urls(&self) -> &[Url] {
        &self.0
    }
}

impl FromStr for EgressCheck {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        split_list(text).map(address).collect::<Result<_, _>>().map(Self)
    }
}

fn address(text: &str) -> Result<Url, String> {
    let wrong = || format!("`{text}` is neither host:port nor a URL with http:// or https://");
    let url = match text.split_once("://") {
        Some(("http" | "https", _)) => Url::parse(text).map_err(|_| wrong())?,
        Some(_) => return Err(wrong()),
        None => {
            let (_, port) = text.rsplit_once(':').ok_or_else(wrong)?;
            port.parse::<u16>().map_err(|_| wrong())?;
            Url::parse(&format!("http://{text}/")).map_err(|_| wrong())?
        }
    };
    let has_more = !url.username().is_empty() || url.password().is_some();
    if url.host_str().is_none_or(str::is_empty) || has_more {
        return Err(wrong());
    }
    Ok(url)
}

impl fmt::Display for EgressCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.0.iter().filter_map(Url::host_str).collect();
        formatter.write_str(&hosts.join(", "))
    }
}

#[cfg(test)]
mod tests;
