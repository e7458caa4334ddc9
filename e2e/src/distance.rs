//! Distance: a network that takes its time.
//!
//! Everything between a client and a server arrives late by the same time each way: the connection, the bytes, the closing,
//! the reset. So a request can be on its way while the closing of its connection comes the other way, which never happens
//! on loopback. Whoever connects to a server that is away gets a reset, not a refusal: the proxy itself was there.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::ports::free_port;

/// A TCP proxy that holds everything for a while. Dropping it closes its connections.
#[derive(Debug)]
pub struct Distance {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    each_way: Duration,
    connections: AtomicUsize,
    freezes_next: AtomicBool,
}

/// What is on its way, and when it came.
type OnTheWay = (Instant, Piece);

enum Piece {
    Bytes(Vec<u8>),
    Closing,
    Reset,
}

/// Either side has reset the connection.
struct Reset;

impl Distance {
    /// Puts a server this far away.
    pub async fn start(server: SocketAddr, each_way: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port()))
            .await
            .unwrap();
        let shared = Arc::new(Shared {
            server,
            each_way,
            connections: AtomicUsize::new(0),
            freezes_next: AtomicBool::new(false),
        });
        Self {
            address: listener.local_addr().unwrap(),
            listening: tokio::spawn(accept(listener, Arc::clone(&shared))),
            shared,
        }
    }

    /// Where clients find the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections there have been.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Freezes the connection that the next bytes of a client come on: neither these nor anything later arrives, and it never
    /// ends. All others go on.
    pub fn freeze_one(&self) {
        self.shared.freezes_next.store(true, Ordering::SeqCst);
    }

    /// Whether a connection is still to be frozen.
    #[must_use]
    pub fn is_to_freeze(&self) -> bool {
        self.shared.freezes_next.load(Ordering::SeqCst)
    }
}

impl Drop for Distance {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        connections.spawn(forward(client, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Forwards one connection until both sides have closed it, or one has reset it.
async fn forward(mut client: TcpStream, shared: Arc<Shared>) {
    tokio::time::sleep(shared.each_way).await;
    let Ok(mut server) = TcpStream::connect(shared.server).await else {
        tokio::time::sleep(shared.each_way).await;
        reset(&client);
        return;
    };
    for stream in [&client, &server] {
        if stream.set_nodelay(true).is_err() {
            return;
        }
    }
    let end = {
        // These halves, unlike owned ones, send no closing of their own when they go.
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let frozen = AtomicBool::new(false);
        let up = carry(from_client, to_server, shared.each_way, |piece| {
            // Nobody would notice a connection that is given up as it freezes.
            if matches!(piece, Piece::Bytes(_)) && shared.freezes_next.swap(false, Ordering::SeqCst) {
                frozen.store(true, Ordering::SeqCst);
            }
            frozen.load(Ordering::SeqCst)
        });
        let down = carry(from_server, to_client, shared.each_way, |_| {
            frozen.load(Ordering::SeqCst)
        });
        tokio::try_join!(up, down)
    };
    if end.is_err() {
        reset(&client);
        reset(&server);
    }
}

/// Makes the close that follows a reset. If that fails, it stays a close.
fn reset(stream: &TcpStream) {
    drop(stream.set_zero_linger());
}

/// Carries one direction until it is closed, and the closing after it; an error when either side has reset the connection.
async fn carry(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    each_way: Duration,
    is_frozen: impl Fn(&Piece) -> bool,
) -> Result<(), Reset> {
    let (sender, mut on_the_way) = mpsc::unbounded_channel::<OnTheWay>();
    let read = async move {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = from.read(&mut buffer).await;
            let piece = match read {
                Ok(0) => Piece::Closing,
                Ok(length) => Piece::Bytes(buffer[..length].to_vec()),
                Err(_) => Piece::Reset,
            };
            if is_frozen(&piece) {
                std::future::pending::<()>().await;
            }
            let is_last = !matches!(piece, Piece::Bytes(_));
            // The writer goes only with an error, which ends both.
            drop(sender.send((Instant::now(), piece)));
            if is_last {
                return Ok(());
            }
        }
    };
    let write = async move {
        while let Some((read_at, piece)) = on_the_way.recv().await {
            tokio::time::sleep_until(read_at + each_way).await;
            match piece {
                Piece::Bytes(bytes) => to.write_all(&bytes).await.map_err(|_| Reset)?,
                Piece::Closing => to.shutdown().await.map_err(|_| Reset)?,
                Piece::Reset => return Err(Reset),
            }
        }
        Ok(())
    };
    tokio::try_join!(read, write).map(drop)
}
