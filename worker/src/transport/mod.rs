//! The guarded client: the only way in which this worker talks to receivers.
//!
//! One pooled client for HTTP/1.1 and HTTP/2 over rustls with the system's roots. Every address that a name resolves
//! to is checked when the connection is made ([`resolver`]). Redirects are not followed. The environment's proxies are
//! ignored; the only way round is [`proxy`], if it is configured. What a receiver can make us hold in memory is bounded.
//! [`phases`] sees where the time of an attempt goes, and [`failure`] whose fault it is that one failed.

pub(crate) mod failure;

pub(crate) mod phases;

pub(crate) mod proxy;

mod reach;

pub(crate) mod resolver;

mod tls;

mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use domain::address::AddressPolicy;
use reqwest::dns::Resolve;
use reqwest::{Request, Response, redirect};

use crate::error::RunError;
use phases::MarkConnections;
use proxy::EgressProxy;
use resolver::GuardedResolver;
use tunnel::TunnelClient;

pub(crate) use tls::Roots;

/// What we call ourselves.
const NAME: &str = concat!("RKT-Webhooks/", env!("CARGO_PKG_VERSION"));

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Shorter than the 5 s after which many servers close an idle connection: a request that crosses such a close on the
/// wire would be a strike that the receiver doesn't deserve.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The most header fields in an answer; hyper bounds their bytes by about 400 KiB.
const MAX_HEADERS: usize = 100;

/// The most bytes of header fields in an HTTP/2 answer.
const MAX_HTTP2_HEADERS: u32 = 64 << 10;

/// What an HTTP/2 receiver may send on one stream, and on one connection, before we read it.
const HTTP2_STREAM_WINDOW: u32 = 64 << 10;
const HTTP2_CONNECTION_WINDOW: u32 = 1 << 20;

/// What the client is built from.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The addresses that may be connected to.
    pub(crate) addresses: AddressPolicy,
    /// How long connecting may take.
    pub(crate) connect_timeout: Duration,
    /// How many idle connections are kept for each host. Endpoints can share one, so their own limit is too low for it.
    pub(crate) max_idle_per_host: usize,
    /// Which certificates are trusted.
    pub(crate) roots: Roots,
    /// The proxy to go through, if any.
    pub(crate) proxy: Option<EgressProxy>,
}

/// The client: straight to receivers, or through the proxy.
#[derive(Debug, Clone)]
pub(crate) enum Client {
    Direct(reqwest::Client),
    Tunnel(Box<TunnelClient>),
}

impl Client {
    /// Sends a request; the answer's body is still to be read.
    ///
    /// # Errors
    ///
    /// [`failure::classify`] tells what they mean.
    pub(crate) async fn execute(&self, request: Request) -> Result<Response, BoxError> {
        match self {
            Self::Direct(client) => Ok(client.execute(request).await?),
            Self::Tunnel(client) => client.execute(request).await,
        }
    }

    /// The proxy that requests go through, if any.
    pub(crate) fn proxy(&self) -> Option<&EgressProxy> {
        match self {
            Self::Direct(_) => None,
            Self::Tunnel(client) => Some(client.proxy()),
        }
    }
}

/// Builds the client. `names` looks host names up; what it finds is checked before it is used.
///
/// # Errors
///
/// When the system has no certificate authorities, or TLS can't be set up.
pub(crate) fn client(settings: Settings, names: Arc<dyn Resolve>) -> Result<Client, RunError> {
    let names = GuardedResolver::new(names, settings.addresses);
    let tls = tls::config(settings.roots).map_err(RunError::Tls)?;
    if let Some(proxy) = settings.proxy {
        let client = TunnelClient::new(proxy, names, tls, settings.max_idle_per_host);
        return Ok(Client::Tunnel(Box::new(client)));
    }
    reqwest::Client::builder()
        .user_agent(NAME)
        .dns_resolver(names)
        .tls_backend_preconfigured(tls)
        .connector_layer(MarkConnections)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(settings.connect_timeout)
        .tcp_nodelay(true)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(settings.max_idle_per_host)
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HTTP2_HEADERS)
        .http2_initial_stream_window_size(HTTP2_STREAM_WINDOW)
        .http2_initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
        .build()
        .map(Client::Direct)
        .map_err(RunError::Client)
}
