//! The connections of our HTTP servers, with a limit on everything that a client can make them hold.
//!
//! Both programs serve through [`run`]: HTTP/1.1 over hyper, without knowing what the requests are. It guarantees that
//! - never more than [`Limits::connections`] are served: others wait in the system's queue, and the connection that has waited for
//!   its client for longest makes room for them: one that is idle, or whose client sends or takes less than [`Limits::pace`],
//! - requests with a service key find a place while all others are taken ([`Limits::kept`]), and no account has more requests open
//!   than its share ([`Limits::per_account`]), if the handler says whose requests they are ([`Occupant`]),
//! - a connection that says nothing, sends the head of a request slowly, or doesn't take its answer is closed,
//! - the head of a request is bounded, in bytes and in fields,
//! - who still sends when the last answer is made gets to read it, and so does who closed its sending half after its request,
//! - clients are told for how long a connection is kept (`Keep-Alive`), a little less than it is,
//! - a server that has run out of files waits for some and doesn't spin,
//! - a stop ends within [`Limits::drain`].
//!
//! Nothing limits how long a whole answer may take, since live streams go on for hours. Nor is the body of a request
//! limited: that is up to the handler, which reads it.

mod occupant;

mod places;

mod connection;

mod progress;

mod pace;

pub use occupant::Occupant;
pub use pace::Pace;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::seldom::Seldom;
use hyper::body::{Body, Incoming};
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use places::{Place, Places};

/// How long to wait when the system has no resources for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How much the system buffers of what a client doesn't take, in bytes. Left to itself, it would take megabytes of an answer that is
/// ready, and copy them before anybody else's turn.
const SEND_BUFFER: usize = 128 << 10;

/// How much earlier than we do a client is told to close an idle connection, in seconds.
const TOLD_EARLIER: u64 = 5;

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
    /// How many of the connections are kept for requests with a service key.
    pub kept: usize,
    /// How many requests may be open for one account.
    pub per_account: usize,
    /// How long a connection may say nothing, send the head of a request, or be slow with a body or an answer before it makes room
    /// for others.
    pub grace: Duration,
    /// How fast a client has to send a body or take an answer so that it doesn't make room for others, in bytes a second.
    pub pace: u64,
    /// How long a connection may be idle between two requests.
    pub idle: Duration,
    /// How long a client may take nothing of an answer that is ready for it; or wait for one after it has said that it sends nothing
    /// more, which is longer than any call takes.
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
            kept: 0,
            per_account: connections,
            pace: 64 << 10,
            head: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }

    /// What clients are told in `Keep-Alive`: to close idle connections themselves, a little before we do, since a request that meets
    /// our close is lost. `None` if there is no time to speak of.
    pub(crate) fn keep_alive(&self) -> Option<HeaderValue> {
        let idle = self.idle.as_secs();
        let told = idle.saturating_sub(TOLD_EARLIER).max(idle / 2);
        (told > 0)
            .then(|| HeaderValue::from_str(&format!("timeout={told}")).ok())
            .flatten()
    }

    /// The same, with one of eight places kept for requests with a service key, and one account bound to as many, but to 16 at
    /// least if that isn't over half of all.
    #[must_use]
    pub const fn shared_by_accounts(self) -> Self {
        let share = self.connections / 8;
        let least = if self.connections / 2 < 16 {
            self.connections / 2 + 1
        } else {
            16
        };
        Self {
            kept: share,
            per_account: if share > least { share } else { least },
            ..self
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
    // Connections inherit it.
    if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(&listener, SEND_BUFFER) {
        tracing::warn!(%error, "what is buffered for slow clients can't be limited");
    }
    let (stopper, stop) = watch::channel(false);
    let mut acceptor = Acceptor {
        listener,
        places: Places::new(limits),
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
        let (handler, stop) = (handler.clone(), stop.clone());
        open.spawn(async move {
            let answer = move |request| {
                // On the heap: hyper moves what it gets several times, and all that a call holds is many kilobytes.
                let answer = Box::pin(handler(request, peer));
                async move { Ok::<_, Infallible>(answer.await) }
            };
            connection::serve(stream, place, limits, answer, stop).await;
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
    places: Arc<Places>,
    waits: Seldom,
}

impl Acceptor {
    /// The next connection, once there is a place for it. Others wait in the system's queue meanwhile.
    async fn admit(&mut self) -> (TcpStream, SocketAddr, Place) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) if is_about_one_connection(&error) => continue,
                Err(error) => {
                    say_why(
                        &mut self.waits,
                        "no connection can be accepted",
                        &error.to_string(),
                    );
                    self.places.make_room();
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

    /// A place. If none is free, an idle or slow connection is asked to give up its own.
    async fn place(&mut self) -> Place {
        let waits = &mut self.waits;
        let crowded = || {
            let all = "as many connections as there may be are open";
            say_why(waits, all, "idle and slow ones are closed for new ones");
        };
        self.places.take(crowded).await
    }
}

/// Logs, now and then, why new connections have to wait.
fn say_why(waits: &mut Seldom, what: &'static str, detail: &str) {
    if waits.is_due(Instant::now()) {
        tracing::warn!(detail, "{what}");
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
