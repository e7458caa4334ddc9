//! The client that goes through a proxy: it connects through [`EgressProxy`], and is otherwise like the direct one.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use http::header::{ACCEPT, HeaderValue, USER_AGENT};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use reqwest::dns::Resolve;
use reqwest::{Body, Request, Response, ResponseBuilderExt as _};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::{Layer as _, Service};

use super::phases::{Connector, MarkConnections};
use super::proxy::EgressProxy;
use super::resolver::GuardedResolver;
use super::{
    HTTP2_CONNECTION_WINDOW, HTTP2_STREAM_WINDOW, MAX_HEADERS, MAX_HTTP2_HEADERS, POOL_IDLE_TIMEOUT,
};

/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 4;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A client whose every connection is a tunnel.
#[derive(Debug, Clone)]
pub(crate) struct TunnelClient {
    client: Client<Connector<Tunnels>, Body>,
    proxy: EgressProxy,
}

impl TunnelClient {
    /// A client through `proxy`.
    pub(super) fn new(
        proxy: EgressProxy,
        names: GuardedResolver,
        tls: rustls::ClientConfig,
        max_idle_per_host: usize,
    ) -> Self {
        let tunnels = Tunnels {
            proxy: proxy.clone(),
            names: Arc::new(names),
            tls: Arc::new(tls).into(),
        };
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(max_idle_per_host)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HTTP2_HEADERS)
            .http2_initial_stream_window_size(HTTP2_STREAM_WINDOW)
            .http2_initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
            .build(MarkConnections.layer(tunnels));
        Self { client, proxy }
    }

    /// The proxy.
    pub(super) const fn proxy(&self) -> &EgressProxy {
        &self.proxy
    }

    /// Sends a request; the answer's body is still to be read.
    pub(super) async fn execute(&self, request: Request) -> Result<Response, BoxError> {
        let url = request.url().clone();
        let mut request: http::Request<Body> = request.try_into()?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(super::NAME));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let (head, body) = self.client.request(request).await?.into_parts();
        let mut response = http::Response::builder()
            .status(head.status)
            .version(head.version)
            .url(url)
            .body(Body::wrap(body))?;
        *response.headers_mut() = head.headers;
        Ok(response.into())
    }
}

/// Makes tunnels to receivers.
#[derive(Clone)]
struct Tunnels {
    proxy: EgressProxy,
    names: Arc<GuardedResolver>,
    tls: TlsConnector,
}

impl std::fmt::Debug for Tunnels {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tunnels({:?}, {:?})", self.proxy, self.names)
    }
}

impl Tunnels {
    async fn make(self, to: Uri) -> Result<TokioIo<Stream>, BoxError> {
        let host = to.host().ok_or("the URL has no host")?.trim_matches(['[', ']']);
        let is_tls = to.scheme_str() == Some("https");
        let port = to.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let addresses = self.addresses_of(host).await?;
        let stream = self.proxy.tunnel(&addresses, port).await?;
        let stream = if is_tls {
            let name = ServerName::try_from(host.to_owned())?;
            Stream::Tls(Box::new(self.tls.connect(name, stream).await?))
        } else {
            Stream::Plain(stream)
        };
        Ok(TokioIo::new(stream))
    }

    /// The addresses of a host, all of them checked, literal ones too.
    async fn addresses_of(&self, host: &str) -> Result<Vec<IpAddr>, BoxError> {
        if let Ok(address) = host.parse() {
            self.names.admit_literal(host, address)?;
            return Ok(vec![address]);
        }
        let found = self.names.resolve(host.parse()?).await.map_err(Unresolved)?;
        Ok(found.map(|address| address.ip()).take(MAX_ADDRESSES).collect())
    }
}

/// A name that was not found, or that leads to an address that is blocked.
#[derive(Debug, thiserror::Error)]
#[error("the name did not resolve")]
pub(super) struct Unresolved(#[source] BoxError);

impl Service<Uri> for Tunnels {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Stream>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        Box::pin(self.clone().make(to))
    }
}

/// A tunnel, or TLS through one.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let connected = Connected::new();
        match self {
            Self::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                connected.negotiated_h2()
            }
            _ => connected,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
