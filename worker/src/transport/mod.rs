//! The guarded client: the only way in which this worker talks to receivers.
//!
//! HTTP/1.1 alone ([`http1`]), over TLS with the system's roots: one [`connection`] carries one exchange at a time, so
//! endpoints of one host stay apart. Every address that a name resolves to is checked when the connection is made
//! ([`connect`], [`resolver`]). Redirects are not followed. The environment's proxies are ignored; the only way round is
//! [`proxy`], if it is configured. What a receiver can make us hold in memory is bounded. Connections are kept in a
//! [`pool`] for a while; a request that met the end of one is sent again ([`Client::send`]). [`trace`] has where the time
//! of an attempt went, and [`failure`] whose fault it is that one failed.

mod cause;

mod connect;

mod connection;

mod destination;

mod dial;

pub(crate) mod failure;

mod http1;

mod places;

mod pool;

pub(crate) mod proxy;

mod reach;

pub(crate) mod resolver;

mod response;

mod stream;

mod tls;

pub(crate) mod trace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::address::AddressPolicy;
use reqwest::dns::Resolve;

use crate::error::RunError;
use connect::Connector;
use failure::Error;
use places::Places;
use pool::Pool;
use proxy::EgressProxy;
use resolver::GuardedResolver;
use trace::Trace;

pub(crate) use http1::fields::AnswerFields;
pub(crate) use http1::request::{Fields, Recipient, Request, Unsendable};
pub(crate) use response::Response;
pub(crate) use tls::Roots;

/// What we call ourselves.
const NAME: &str = concat!("RKT-Webhooks/", env!("CARGO_PKG_VERSION"));

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long after a new connection has ended without an answer the request is sent again: long enough for a server that is
/// being restarted to be told from one that goes on like this.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What the client is built from.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The addresses that may be connected to.
    pub(crate) addresses: AddressPolicy,
    /// Which certificates are trusted.
    pub(crate) roots: Roots,
    /// The proxy to go through, if any.
    pub(crate) proxy: Option<EgressProxy>,
    /// The most requests of one account that are on their way to one address (`DESTINATION_CONCURRENCY`).
    pub(crate) most_at_address: u32,
    /// How long an attempt may take.
    pub(crate) timeout: Duration,
}

/// The client: straight to receivers, or through the proxy. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    connector: Arc<Connector>,
    pool: Pool,
}

impl Client {
    /// Builds the client, within a runtime. `names` looks host names up; what it finds is checked before it is used.
    ///
    /// # Errors
    ///
    /// When the system has no certificate authorities, or TLS can't be set up.
    pub(crate) fn new(settings: Settings, names: Arc<dyn Resolve>) -> Result<Self, RunError> {
        let connector = Connector {
            names: GuardedResolver::new(names, settings.addresses, settings.timeout),
            tls: Arc::new(tls::config(settings.roots).map_err(RunError::Tls)?),
            proxy: settings.proxy,
            places: Places::new(settings.most_at_address),
        };
        Ok(Self {
            connector: Arc::new(connector),
            pool: Pool::swept(),
        })
    }

    /// The proxy that requests go through, if any.
    pub(crate) fn proxy(&self) -> Option<&EgressProxy> {
        self.connector.proxy.as_ref()
    }

    /// Sends a request, and waits for the head of its answer. There is no limit of time but the caller's.
    ///
    /// If the connection ends before a byte of an answer, the request is sent again: at once, on a new connection, if it
    /// was a kept one, whose end says nothing about the receiver; once more after a moment, if it was new. The receiver
    /// may then have had it before; nobody can tell.
    ///
    /// # Errors
    ///
    /// [`failure::classify`] tells what they mean.
    pub(crate) async fn send(&self, request: &Request, trace: &mut Trace) -> Result<Response, Error> {
        let destination = &request.recipient.destination;
        let head = request.head();
        let (mut in_use, kept) = self.pool.begin(destination, Instant::now());
        if let Some(mut connection) = kept {
            in_use.place = self
                .connector
                .place_at(destination, &request.asker, &connection)?;
            match connection.send(&head, &request.body).await {
                Ok(answered) => return Ok(Response::new(answered, connection, in_use, trace)),
                Err(broken) if broken.is_unanswered && !broken.is_ours() => trace.again(),
                Err(broken) => return Err(Error::Exchange(broken)),
            }
        }
        let mut is_last = false;
        loop {
            in_use.place = None;
            let (mut connection, place) = self.connector.connect(destination, &request.asker, trace).await?;
            in_use.place = place;
            match connection.send(&head, &request.body).await {
                Ok(answered) => return Ok(Response::new(answered, connection, in_use, trace)),
                Err(broken) if broken.may_pass() && !is_last => trace.again(),
                Err(broken) => return Err(Error::Exchange(broken)),
            }
            is_last = true;
            drop(connection);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
}
