//! Makes connections to receivers: looks the name up, has every address judged, and connects, straight or through the
//! proxy, with TLS for `https`.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::connection::Connection;
use super::destination::Destination;
use super::dial::dial;
use super::failure::Error;
use super::places::{Place, Places};
use super::proxy::EgressProxy;
use super::resolver::{Asker, GuardedResolver};
use super::stream::Stream;
use super::trace::{Mark, Trace};
use crate::fault::NotAttempted;

/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 8;

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector {
    pub(super) names: GuardedResolver,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) proxy: Option<EgressProxy>,
    pub(super) places: Places,
}

impl Connector {
    /// Connects for `asker`, if it has a place there, and notes in the trace how far it got. Who is no account needs none.
    pub(super) async fn connect(
        &self,
        to: &Destination,
        asker: &Asker,
        trace: &mut Trace,
    ) -> Result<(Connection, Option<Place>), Error> {
        trace.mark(Mark::Connect);
        let connected = self.try_connect(to, asker, trace).await;
        trace.mark(Mark::Connected);
        connected
    }

    /// A place for `asker` where a connection leads.
    pub(super) fn place_at(
        &self,
        to: &Destination,
        asker: &Asker,
        connection: &Connection,
    ) -> Result<Option<Place>, Error> {
        self.place(to, asker, connection.addresses())
    }

    fn place(
        &self,
        to: &Destination,
        asker: &Asker,
        addresses: &Arc<[IpAddr]>,
    ) -> Result<Option<Place>, Error> {
        let Some(account) = asker else {
            return Ok(None);
        };
        let place = self.places.take(account, addresses, to.port);
        match place {
            Some(_) => Ok(place),
            None => Err(Error::Decided(NotAttempted::Crowded.into())),
        }
    }

    async fn try_connect(
        &self,
        to: &Destination,
        asker: &Asker,
        trace: &mut Trace,
    ) -> Result<(Connection, Option<Place>), Error> {
        let addresses: Arc<[IpAddr]> = self.addresses_of(&to.host, asker, trace).await?.into();
        let place = self.place(to, asker, &addresses)?;
        let stream = self.stream(to, &addresses, trace).await?;
        Ok((Connection::new(stream, addresses), place))
    }

    async fn stream(
        &self,
        to: &Destination,
        addresses: &[IpAddr],
        trace: &mut Trace,
    ) -> Result<Stream, Error> {
        let stream = match &self.proxy {
            None => dial(addresses, to.port).await.map_err(Error::Connect)?,
            Some(proxy) => proxy.tunnel(addresses, to.port).await.map_err(Error::Decided)?,
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
