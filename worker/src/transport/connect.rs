//! Makes connections to receivers: looks the name up, has every address judged, and connects, straight or through the
//! proxy, with TLS for `https`.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::dial::dial;
use super::failure::Error;
use super::proxy::EgressProxy;
use super::resolver::{Asker, GuardedResolver};
use super::stream::Stream;
use super::trace::{Mark, Trace};

/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 8;

/// Where a connection leads: only requests to the same may share it, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    is_tls: bool,
    /// A name, or an address without brackets.
    host: String,
    port: u16,
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

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector {
    pub(super) names: GuardedResolver,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) proxy: Option<EgressProxy>,
}

impl Connector {
    /// Connects for `asker`, and notes in the trace how far it got.
    pub(super) async fn connect(
        &self,
        to: &Destination,
        asker: &Asker,
        trace: &mut Trace,
    ) -> Result<Stream, Error> {
        trace.mark(Mark::Connect);
        let connected = self.try_connect(to, asker, trace).await;
        trace.mark(Mark::Connected);
        connected
    }

    async fn try_connect(&self, to: &Destination, asker: &Asker, trace: &mut Trace) -> Result<Stream, Error> {
        let addresses = self.addresses_of(&to.host, asker, trace).await?;
        let stream = match &self.proxy {
            None => dial(&addresses, to.port).await.map_err(Error::Connect)?,
            Some(proxy) => proxy.tunnel(&addresses, to.port).await.map_err(Error::Decided)?,
        };
        if !to.is_tls {
            return Ok(Stream::Plain(stream));
        }
        trace.mark(Mark::Handshake);
        let name = ServerName::try_from(to.host.clone()).map_err(|_| Error::NoServerName)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(Error::Handshake)?;
        Ok(Stream::Tls(Box::new(stream)))
    }

    /// The addresses of a host, all of them judged, literal ones too.
    async fn addresses_of(&self, host: &str, asker: &Asker, trace: &mut Trace) -> Result<Vec<IpAddr>, Error> {
        if let Ok(address) = host.parse() {
            self.names.admit_literal(host, address).map_err(Error::Blocked)?;
            return Ok(vec![address]);
        }
        trace.mark(Mark::Lookup);
        let mut addresses = self.names.addresses_of(host, asker).await?;
        trace.mark(Mark::Resolved);
        addresses.truncate(MAX_ADDRESSES);
        Ok(addresses)
    }
}
