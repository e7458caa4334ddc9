//! A TCP proxy that does what networks do: refuses, delays, goes silent, and cuts connections at the worst moment.
//!
//! It knows where requests and answers of the Redis protocol end, so that it can let Redis execute exactly the request
//! that it then leaves unanswered. Other protocols pass as they come, each piece that was read as one request.
//!
//! ```no_run
//! # async fn example() {
//! use std::time::Duration;
//! use e2e::fault_proxy::{Cut, Fault, FaultProxy};
//! use e2e::redis_server::RedisServer;
//!
//! let redis = RedisServer::start();
//! let proxy = FaultProxy::start(redis.address()).await;
//! let url = proxy.redis_url(); // for REDIS_URL
//! proxy.set(Fault::Delay(Duration::from_millis(200)));
//! proxy.cut(Cut::answer_of("EVALSHA"));
//! # }
//! ```

mod frames;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use self::frames::{Frames, command};
use crate::ports::free_port;

/// What happens to all connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// New connections are reset at once; those that are open go on.
    Refuse,
    /// Everything takes this much longer, each way.
    Delay(Duration),
    /// Connections are accepted and kept, and nothing is forwarded, until this ends; then all of it is, late.
    Freeze,
}

/// A cut of one connection, at one request.
#[derive(Debug, Clone)]
pub struct Cut {
    command: Option<&'static str>,
    after: usize,
    repeat: bool,
    executed: bool,
}

impl Cut {
    /// After the next request of this command was executed, when its answer has begun to come back: the answer is lost.
    #[must_use]
    pub const fn answer_of(command: &'static str) -> Self {
        Self {
            command: Some(command),
            after: 1,
            repeat: false,
            executed: true,
        }
    }

    /// In the middle of the next request of this command, which the server then never gets as a whole.
    #[must_use]
    pub const fn request_of(command: &'static str) -> Self {
        Self {
            executed: false,
            ..Self::answer_of(command)
        }
    }

    /// Whatever the command is.
    #[must_use]
    pub const fn any(mut self) -> Self {
        self.command = None;
        self
    }

    /// At the `nth` such request, counted from 1 over all connections.
    #[must_use]
    pub const fn nth(mut self, nth: usize) -> Self {
        self.after = nth;
        self
    }

    /// Again and again, at each `nth` such request.
    #[must_use]
    pub const fn every(mut self, nth: usize) -> Self {
        self.after = nth;
        self.repeat = true;
        self
    }
}

/// What the proxy has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections that were forwarded.
    pub connections: usize,
    /// Connections that were refused.
    pub refused: usize,
    /// Requests that were forwarded as a whole.
    pub requests: usize,
    /// Answers that were forwarded as a whole.
    pub answers: usize,
    /// Requests that were executed and left unanswered.
    pub answers_cut: usize,
    /// Requests that were cut in the middle.
    pub requests_cut: usize,
}

impl Counters {
    /// The number of a new connection, from 0.
    const fn next_connection(&mut self) -> usize {
        self.connections += 1;
        self.connections - 1
    }
}

/// A proxy in front of one server.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    target: Mutex<SocketAddr>,
    fault: watch::Sender<Fault>,
    /// Connections with a lower number are half-open.
    half_open: watch::Sender<usize>,
    /// Changes when all connections are to be cut.
    sever: watch::Sender<()>,
    cut: Mutex<Option<(Cut, usize)>>,
    counters: Mutex<Counters>,
}

impl FaultProxy {
    /// Starts one that forwards everything to `target`.
    pub async fn start(target: SocketAddr) -> Self {
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            fault: watch::Sender::new(Fault::None),
            half_open: watch::Sender::new(0),
            sever: watch::Sender::new(()),
            cut: Mutex::new(None),
            counters: Mutex::default(),
        });
        for _ in 0..10 {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
            if let Ok(listener) = TcpListener::bind(address).await {
                let listening = tokio::spawn(accept(listener, Arc::clone(&shared)));
                return Self {
                    address,
                    shared,
                    listening,
                };
            }
        }
        panic!("ten ports in a row were taken by others");
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value of `REDIS_URL` that leads through it.
    #[must_use]
    pub fn redis_url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// From now on, this happens to all connections.
    pub fn set(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// New connections lead to another server; those that are open stay where they are, as after a failover.
    pub fn lead_to(&self, target: SocketAddr) {
        *lock(&self.shared.target) = target;
    }

    /// Cuts a connection when such a request comes.
    pub fn cut(&self, cut: Cut) {
        *lock(&self.shared.cut) = Some((cut, 0));
    }

    /// Forgets the cut that was asked for.
    pub fn cut_no_more(&self) {
        *lock(&self.shared.cut) = None;
    }

    /// Makes all connections that are open now half-open: nothing is forwarded on them any more, and nothing ends them.
    /// New ones are as they should be.
    pub fn half_open(&self) {
        self.shared.half_open.send_replace(self.counters().connections);
    }

    /// Cuts all connections that are open now.
    pub fn cut_all(&self) {
        self.shared.sever.send_replace(());
    }

    /// What it has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        *lock(&self.shared.counters)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                if *shared.fault.borrow() == Fault::Refuse {
                    lock(&shared.counters).refused += 1;
                    reset(&client);
                    continue;
                }
                connections.spawn(forward(client, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Makes the close to come a reset, as a cut is. One that can't be reset is closed.
fn reset(stream: &TcpStream) {
    drop(stream.set_zero_linger());
}

/// Forwards one connection until either side closes it, or it is cut.
async fn forward(client: TcpStream, shared: Arc<Shared>) {
    let mut sever = shared.sever.subscribe();
    shared.thawed(usize::MAX).await;
    let target = *lock(&shared.target);
    let Ok(server) = TcpStream::connect(target).await else {
        reset(&client);
        return;
    };
    let number = lock(&shared.counters).next_connection();
    for stream in [&client, &server] {
        if stream.set_nodelay(true).is_err() {
            return;
        }
        reset(stream);
    }
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let waiting = Mutex::new(Waiting::default());
    let (up, upstream) = mpsc::unbounded_channel();
    let (down, downstream) = mpsc::unbounded_channel();
    // Whatever ends first ends the connection.
    tokio::select! {
        () = read_requests(client_reads, &shared, &waiting, up) => {}
        () = read_answers(server_reads, &shared, &waiting, down) => {}
        () = write(server_writes, &shared, number, upstream) => {}
        () = write(client_writes, &shared, number, downstream) => {}
        _ = sever.changed() => {}
    }
}

/// Requests that were read and not yet answered: whether the answer to each is to be cut.
type Waiting = VecDeque<bool>;

/// Bytes with the time at which they were read.
type Piece = (Instant, Vec<u8>);

async fn read_requests(
    mut from: OwnedReadHalf,
    shared: &Shared,
    waiting: &Mutex<Waiting>,
    to: mpsc::UnboundedSender<Piece>,
) {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 << 10];
    'connection: while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let now = Instant::now();
        frames.put(&buffer[..length]);
        while let Some(request) = frames.next() {
            let due = shared.cut_due(&request);
            if due == Some(false) {
                lock(&shared.counters).requests_cut += 1;
                let half = request[..request.len() / 2].to_vec();
                if to.send((now, half)).is_ok() {
                    break 'connection;
                }
                return;
            }
            lock(&shared.counters).requests += 1;
            lock(waiting).push_back(due == Some(true));
            if to.send((now, request)).is_err() {
                return;
            }
        }
    }
    // What was sent before still arrives: the writer ends the connection.
    drop(to);
    std::future::pending().await
}

async fn read_answers(
    mut from: OwnedReadHalf,
    shared: &Shared,
    waiting: &Mutex<Waiting>,
    to: mpsc::UnboundedSender<Piece>,
) {
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let now = Instant::now();
        frames.put(&buffer[..length]);
        loop {
            let is_cut = lock(waiting).front() == Some(&true);
            if is_cut && frames.has_begun() {
                lock(&shared.counters).answers_cut += 1;
                return;
            }
            let Some(answer) = frames.next() else { break };
            lock(waiting).pop_front();
            lock(&shared.counters).answers += 1;
            if to.send((now, answer)).is_err() {
                return;
            }
        }
    }
    drop(to);
    std::future::pending().await
}

/// Writes what was read, as late as it has to be. Half a request is the last that is written.
async fn write(
    mut to: OwnedWriteHalf,
    shared: &Shared,
    number: usize,
    mut pieces: mpsc::UnboundedReceiver<Piece>,
) {
    while let Some((read_at, bytes)) = pieces.recv().await {
        let fault = *shared.fault.borrow();
        if let Fault::Delay(delay) = fault {
            tokio::time::sleep_until(read_at + delay).await;
        }
        shared.thawed(number).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

impl Shared {
    /// Waits while everything is frozen; for ever on a connection that is half-open.
    async fn thawed(&self, number: usize) {
        // The sender lives as long as this.
        drop(
            self.fault
                .subscribe()
                .wait_for(|fault| *fault != Fault::Freeze)
                .await,
        );
        if number < *self.half_open.borrow() {
            std::future::pending().await
        }
    }

    /// Whether this request is the one to cut: `Some(true)` after it was executed, `Some(false)` in its middle.
    fn cut_due(&self, request: &[u8]) -> Option<bool> {
        let mut wanted = lock(&self.cut);
        let (cut, seen) = wanted.as_mut()?;
        if cut.command.is_some_and(|name| name != command(request)) {
            return None;
        }
        *seen += 1;
        if *seen < cut.after {
            return None;
        }
        *seen = 0;
        let (executed, repeat) = (cut.executed, cut.repeat);
        if !repeat {
            *wanted = None;
        }
        Some(executed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
