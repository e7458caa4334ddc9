//! The guarded client: the only way in which this worker talks to receivers.
//!
//! One pooled client for HTTP/1.1 and HTTP/2 over rustls with the system's roots. Every address that a name resolves
//! to is judged when the connection is made ([`resolver`]); redirects are not followed, environment proxies are
//! ignored, and what a receiver can make us hold in memory is bounded. Where the time of an attempt goes is seen by
//! [`phases`].

pub(crate) mod failure;

pub(crate) mod phases;

pub(crate) mod resolver;

mod tls;

use std::sync::Arc;
use std::time::Duration;

use common::address::AddressPolicy;
use reqwest::dns::Resolve;
use reqwest::{Client, redirect};

use crate::error::RunError;
use phases::MarkConnections;
use resolver::GuardedResolver;

pub(crate) use tls::Roots;

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

/// What the client needs to know.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The addresses that may be connected to.
    pub(crate) addresses: AddressPolicy,
    /// How long a connection may take to be made.
    pub(crate) connect_timeout: Duration,
    /// How many idle connections are kept for each host. Endpoints can share one, so their own limit is too low for it.
    pub(crate) max_idle_per_host: usize,
    /// Who is trusted.
    pub(crate) roots: Roots,
}

/// Builds the client. `names` looks host names up; what it finds is judged before it is used.
///
/// # Errors
///
/// When the system has no certificate authorities, or TLS can't be set up.
pub(crate) fn client(settings: Settings, names: Arc<dyn Resolve>) -> Result<Client, RunError> {
    Client::builder()
        .user_agent(concat!("RKT-Webhooks/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(GuardedResolver::new(names, settings.addresses))
        .tls_backend_preconfigured(tls::config(settings.roots).map_err(RunError::Tls)?)
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
        .map_err(RunError::Client)
}
