//! The way out through a proxy (`EGRESS_PROXY`).
//!
//! The guard stays ours: we look names up and check their addresses, and ask the proxy for an *address*
//! ([`connect`]), also for plain http, so that no other lookup can lead elsewhere. TLS goes through the tunnel to the
//! receiver, whose certificate is checked against its name.
//!
//! What the proxy does wrong is not the receiver's fault. While a request is on its way, the proxy is asked for signs of
//! [`life`], and a failure behind it is only believed when it gave them all the time ([`EgressProxy::was_silent`]).

mod connect;

mod life;

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use life::Life;

/// The proxy of `EGRESS_PROXY`. Cheap to clone.
#[derive(Clone)]
pub struct EgressProxy(Arc<Inner>);

struct Inner {
    host: String,
    port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
    life: Mutex<Life>,
}

impl FromStr for EgressProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be http://[user:password@]host:port".to_owned();
        let url = Url::parse(text).map_err(|_| wrong())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        if url.scheme() != "http" || has_more {
            return Err(wrong());
        }
        let decoded = |text: &str| percent_decoded(text).ok_or_else(wrong);
        let authorization = if url.username().is_empty() {
            None
        } else {
            let password = decoded(url.password().unwrap_or_default())?;
            let pair = format!("{}:{password}", decoded(url.username())?);
            Some(format!("Basic {}", STANDARD.encode(pair)))
        };
        Ok(Self(Arc::new(Inner {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default().ok_or_else(wrong)?,
            authorization,
            life: Mutex::default(),
        })))
    }
}

impl EgressProxy {
    /// A connection to the proxy itself.
    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.0.host.as_str(), self.0.port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl fmt::Display for EgressProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.0.host, self.0.port)
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The text behind `%…`.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            bytes.extend(hex::decode(behind.get(..2)?).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
