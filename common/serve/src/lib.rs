//! The connections of our HTTP servers, with a limit on everything that a client can make them hold.
//!
//! Both programs serve through [`run`]: HTTP/1.1 over hyper, without knowing what the requests are. It guarantees that
//! - never more than [`Limits::connections`] are served; more wait in the system's queue, and who is idle for longest makes
//!   room for them,
//! - a connection that says nothing, sends the head of a request slowly, or doesn't take its answer is closed,
//! - the head of a request is bounded, in bytes and in fields,
//! - running out of files is waited for, and doesn't spin,
//! - a stop ends within [`Limits::drain`].
//!
//! What a whole answer may take is not limited: live streams go on for hours. Nor is the body of a request, which is the
//! matter of whoever reads it.

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

/// How long to wait when the system can't give us another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often the log says why new connections have to wait.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// What a client can make a server hold, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// From the first byte of a request to the end of its head, and from the connection to that first byte.
    pub head: Duration,
    /// How long a new connection may say nothing before it has to make room for another.
    pub grace: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    pub stall: Duration,
    /// How long open requests may go on after a stop.
    pub drain: Duration,
}

impl Limits {
    /// What is usual, with this many connections. Idle ones live longer than those of usual load balancers (60 s), so
    /// that it is them who close.
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

/// Serves until `shutdown` is ready; then closes idle connections at once, and others when their request is answered, or
/// at the end of [`Limits::drain`].
///
/// `handler` gets each request with the address of its client, and must not panic: that would end the connection.
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
    let mut door = Door {
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
            admitted = door.admit() => admitted,
        };
        while open.try_join_next().is_some() {}
        let (handler, stop, crowded) = (handler.clone(), stop.clone(), Arc::clone(&door.crowded));
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
    drop(door);
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

/// Lets in as many connections as there are places.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    /// Whoever is idle for longest waits here first, to make room.
    crowded: Arc<Notify>,
    waits: Seldom,
}

impl Door {
    /// The next connection, once there is a place for it. Only one waits here; others wait in the system's queue.
    async fn admit(&mut self) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) if is_about_one_connection(&error) => continue,
                Err(error) => {
                    self.complain("no connection can be accepted", &error.to_string());
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

    /// A place, which an idle connection gives up if there is none.
    async fn place(&mut self) -> OwnedSemaphorePermit {
        loop {
            let places = Arc::clone(&self.places);
            if places.available_permits() == 0 {
                let all = "as many connections as there may be are open";
                self.complain(all, "idle ones are closed for new ones");
                self.crowded.notify_one();
            }
            // It is never closed.
            if let Ok(place) = places.acquire_owned().await {
                // If nobody was idle, somebody else left: the call for room must not hit the next who is.
                self.crowded.notified().now_or_never();
                return place;
            }
        }
    }

    fn complain(&mut self, what: &'static str, detail: &str) {
        if self.waits.is_due(Instant::now()) {
            tracing::warn!(detail, "{what}");
        }
    }
}

/// Whether accepting failed because of the connection that was to be accepted.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

#[cfg(test)]
mod tests;
