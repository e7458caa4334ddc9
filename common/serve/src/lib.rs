//! The connections of our HTTP servers, with a limit on everything that a client can make them hold.
//!
//! Both programs serve through [`run`]: HTTP/1.1 over hyper, without knowing what the requests are. It guarantees that
//! - never more than [`Limits::connections`] are served: others wait in the system's queue, and the connection that has been
//!   idle for longest makes room for them,
//! - a connection that says nothing, sends the head of a request slowly, or doesn't take its answer is closed,
//! - the head of a request is bounded, in bytes and in fields,
//! - a server that has run out of files waits for some and doesn't spin,
//! - a stop ends within [`Limits::drain`].
//!
//! Nothing limits how long a whole answer may take, since live streams go on for hours. Nor is the body of a request
//! limited: that is up to the handler, which reads it.

mod connection;

mod progress;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::seldom::Seldom;
use futures_util::FutureExt as _;
use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// How long to wait when the system has no resources for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often the log says why new connections have to wait.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// What a client can make a server hold, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// How long a client may take for the head of a request once it has begun it, and to begin the first one once it has
    /// connected.
    pub head: Duration,
    /// How long a new connection may say nothing before it makes room for others.
    pub grace: Duration,
    /// How long a connection may be idle between two requests.
    pub idle: Duration,
    /// How long a client may take nothing of an answer that is ready for it.
    pub stall: Duration,
    /// How long open requests may go on after the server was told to stop.
    pub drain: Duration,
}

impl Limits {
    /// The usual limits, for this many connections. Idle ones are kept for longer than load balancers usually keep theirs
    /// (60 s), so that it is always the load balancer that closes: a request can't meet a connection that we are closing.
    #[must_use]
    pub const fn usual(connections: usize) -> Self {
        Self {
            connections,
            head: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }
}

/// Serves until `shutdown` is ready. Then it closes idle connections at once, and others when their request is answered or,
/// at the latest, after [`Limits::drain`].
///
/// `handler` gets each request with the address of its client. It must not panic, which would end the connection.
pub async fn run<H, A, B>(
    listener: TcpListener,
    limits: Limits,
    handler: H,
    shutdown: impl Future<Output = ()>,
) where
    H: Fn(Request<Incoming>, SocketAddr) -> A + Clone + Send + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
{
    let (stopper, stop) = watch::channel(false);
    let mut acceptor = Acceptor {
        listener,
        places: Arc::new(Semaphore::new(limits.connections)),
        crowded: Arc::default(),
        waits: Seldom::every(SAY_EVERY),
    };
    let mut open = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer, place) = tokio::select! {
            () = &mut shutdown => break,
            admitted = acceptor.admit() => admitted,
        };
        while open.try_join_next().is_some() {}
        let (handler, stop, crowded) = (handler.clone(), stop.clone(), Arc::clone(&acceptor.crowded));
        open.spawn(async move {
            let answer = move |request| {
                let answer = handler(request, peer);
                async move { Ok::<_, Infallible>(answer.await) }
            };
            connection::serve(stream, limits, answer, stop, crowded).await;
            drop(place);
        });
    }
    // New connections are refused from here on.
    drop(acceptor);
    stopper.send_replace(true);
    let drained = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, drained).await.is_err() {
        tracing::warn!(
            connections = open.len(),
            "requests were cut off, because they did not end in time"
        );
        open.shutdown().await;
    }
}

/// Accepts as many connections as there are places.
struct Acceptor {
    listener: TcpListener,
    places: Arc<Semaphore>,
    /// Idle connections wait here to be called for their place, the one that has been idle for longest first.
    crowded: Arc<Notify>,
    waits: Seldom,
}

impl Acceptor {
    /// The next connection, once there is a place for it. Others wait in the system's queue meanwhile.
    async fn admit(&mut self) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) if is_about_one_connection(&error) => continue,
                Err(error) => {
                    self.say_why("no connection can be accepted", &error.to_string());
                    self.crowded.notify_one();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let place = self.place().await;
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection ended before it began");
                continue;
            }
            return (stream, peer, place);
        }
    }

    /// A place. If none is free, an idle connection is asked to give up its own.
    async fn place(&mut self) -> OwnedSemaphorePermit {
        loop {
            let places = Arc::clone(&self.places);
            if places.available_permits() == 0 {
                let all = "as many connections as there may be are open";
                self.say_why(all, "idle ones are closed for new ones");
                self.crowded.notify_one();
            }
            // The semaphore is never closed.
            if let Ok(place) = places.acquire_owned().await {
                // If no connection was idle, one has ended by itself. The call is withdrawn, or it would close the next
                // connection that becomes idle.
                self.crowded.notified().now_or_never();
                return place;
            }
        }
    }

    /// Logs, now and then, why new connections have to wait.
    fn say_why(&mut self, what: &'static str, detail: &str) {
        if self.waits.is_due(Instant::now()) {
            tracing::warn!(detail, "{what}");
        }
    }
}

/// Whether only the connection that was about to be accepted failed, and the next may be fine.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

#[cfg(test)]
mod tests;
