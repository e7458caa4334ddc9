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
//! - who has connected is served, also while the server ends, and a stop ends within [`Limits::drain`].
//!
//! Nothing limits how long a whole answer may take, since live streams go on for hours. Nor is the body of a request
//! limited: that is up to the handler, which reads it.

mod limits;

mod occupant;

mod open;

mod places;

mod acceptor;

mod stage;

mod connection;

mod progress;

mod pace;

pub use limits::Limits;
pub use occupant::Occupant;
pub use open::OpenConnections;
pub use pace::Pace;

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;

use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use acceptor::{Acceptor, Admitted};
use stage::Stage;

/// Serves until `leaving` is ready. From then on each answer is the last of its connection, and says so, until `stopping` is ready,
/// which isn't asked before. Then idle connections are closed at once, and others when their request is answered or, at the
/// latest, after [`Limits::drain`]. Whoever has connected until then is served, if the request comes within [`Limits::grace`]; nobody can
/// connect any more.
///
/// `connections` counts those that are open. `handler` gets each request with the address of its client. It must not panic, which would end the connection.
pub async fn run<H, A, B>(
    listener: TcpListener,
    limits: Limits,
    connections: OpenConnections,
    handler: H,
    leaving: impl Future<Output = ()>,
    stopping: impl Future<Output = ()>,
) where
    H: Fn(Request<Incoming>, SocketAddr) -> A + Clone + Send + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
{
    let (stages, stage) = watch::channel(Stage::Serving);
    let mut acceptor = Acceptor::new(listener, limits);
    let mut open = JoinSet::new();
    let mut serve = |(stream, peer, place): Admitted| {
        while open.try_join_next().is_some() {}
        let (handler, stage, counted) = (handler.clone(), stage.clone(), connections.one_more());
        open.spawn(async move {
            let _counted = counted;
            let answer = move |request| {
                // On the heap: hyper moves what it gets several times, and all that a call holds is many kilobytes.
                let answer = Box::pin(handler(request, peer));
                async move { Ok::<_, Infallible>(answer.await) }
            };
            connection::serve(stream, place, limits, answer, stage).await;
        });
    };
    acceptor.admit_until(leaving, &mut serve).await;
    stages.send_replace(Stage::Leaving);
    acceptor.admit_until(stopping, &mut serve).await;
    acceptor.close(&mut serve).await;
    stages.send_replace(Stage::Stopping);
    let drained = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, drained).await.is_err() {
        tracing::warn!(
            connections = open.len(),
            "requests were cut off, because they did not end in time"
        );
        open.shutdown().await;
    }
}

#[cfg(test)]
mod tests;
