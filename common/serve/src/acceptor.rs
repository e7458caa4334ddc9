//! Accepts as many connections as there are places, and leaves nobody between two stools when it ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::seldom::Seldom;
use tokio::net::{TcpListener, TcpStream};

use super::limits::Limits;
use super::places::{Place, Places};

/// How long to wait when the system has no resources for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often the log says why new connections have to wait.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// How much the system buffers of what a client doesn't take, in bytes. Left to itself, it would take megabytes of an answer that is
/// ready, and copy them before anybody else's turn.
const SEND_BUFFER: usize = 128 << 10;

/// How long nobody has come before an acceptor that is closing believes that nobody does: longer than a client nearby needs between
/// the two packets with which it connects. For its request it has [`Limits::grace`].
const LAST: Duration = Duration::from_millis(50);

/// How long whoever has connected waits for a place at most while an acceptor is closing.
const CLOSING: Duration = Duration::from_secs(1);

/// An admitted connection, its client, and its place.
pub(crate) type Admitted = (TcpStream, SocketAddr, Place);

/// Accepts as many connections as there are places.
pub(crate) struct Acceptor {
    listener: TcpListener,
    places: Arc<Places>,
    waits: Seldom,
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener, limits: Limits) -> Self {
        // Connections inherit it.
        if let Err(error) = rustix::net::sockopt::set_socket_send_buffer_size(&listener, SEND_BUFFER) {
            tracing::warn!(%error, "what is buffered for slow clients can't be limited");
        }
        Self {
            listener,
            places: Places::new(limits),
            waits: Seldom::every(SAY_EVERY),
        }
    }

    /// Hands on whoever is admitted until `end` is ready.
    pub(crate) async fn admit_until(
        &mut self,
        end: impl Future<Output = ()>,
        serve: &mut impl FnMut(Admitted),
    ) {
        let mut end = std::pin::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return,
                admitted = self.admit() => serve(admitted),
            }
        }
    }

    /// Lets nobody connect any more, hands on whoever has, and closes the listener. The system would cut off those that it has
    /// connected and that nobody has accepted.
    pub(crate) async fn close(mut self, serve: &mut impl FnMut(Admitted)) {
        if let Err(error) = ignore_newcomers(&self.listener) {
            tracing::debug!(%error, "who connects while the server stops may be cut off");
        }
        let the_rest = async {
            while let Ok(admitted) = tokio::time::timeout(LAST, self.admit()).await {
                serve(admitted);
            }
        };
        if tokio::time::timeout(CLOSING, the_rest).await.is_err() {
            tracing::debug!(
                "who had connected last is cut off: they were too many for the places that there are"
            );
        }
    }

    /// The next connection, once there is a place for it. Others wait in the system's queue meanwhile.
    async fn admit(&mut self) -> Admitted {
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

/// Has the system drop the packets with which clients begin to connect. They send them again a second later, when the listener is gone,
/// and are refused; a proxy then asks the next of its servers. Those who are in the middle of it go on.
#[cfg(target_os = "linux")]
fn ignore_newcomers(listener: &TcpListener) -> io::Result<()> {
    use socket2::{SockFilter, SockRef};

    /// The byte of a TCP header with its flags (RFC 9293, 3.1), of which these two.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    // In the words of the kernel's `linux/filter.h`: load the byte, mask it, and drop what begins a connection.
    SockRef::from(listener).attach_filter(&[
        SockFilter::new(0x30, 0, 0, FLAGS),
        SockFilter::new(0x54, 0, 0, SYN | ACK),
        SockFilter::new(0x15, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ])
}

#[cfg(not(target_os = "linux"))]
fn ignore_newcomers(_: &TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
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
