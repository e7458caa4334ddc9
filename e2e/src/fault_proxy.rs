//! A TCP proxy that does to connections what networks do: it refuses, delays and freezes them, and cuts them at the worst
//! moment.
//!
//! It knows where requests and answers of the Redis protocol end, so it can let Redis run a request and then withhold the
//! answer. It forwards other protocols as they come, and takes each piece that it reads for one request.
//!
//! ```no_run
//! # async fn example() {
//! use std::time::Duration;
//! use e2e::fault_proxy::{Cut, Fault, FaultProxy, SCRIPT};
//! use e2e::redis_server::RedisServer;
//!
//! let redis = RedisServer::start();
//! let proxy = FaultProxy::start(redis.address()).await;
//! let url = proxy.redis_url(); // for REDIS_URL
//! proxy.set(Fault::Delay(Duration::from_millis(200)));
//! proxy.cut(Cut::answer_of(SCRIPT));
//! # }
//! ```

mod cut;

mod forward;

mod frames;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::cut::{Cut, SCRIPT};
use self::cut::{Due, Wanted};
use self::forward::accept;
use crate::ports::free_port;

/// What happens to all connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing: the proxy forwards everything at once.
    #[default]
    None,
    /// The proxy resets new connections at once; those that are open go on.
    Refuse,
    /// Every byte takes this much longer, each way.
    Delay(Duration),
    /// The proxy accepts connections and forwards nothing, until this ends; then it forwards all of it, late.
    Freeze,
}

/// What the proxy has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections that it forwarded.
    pub connections: usize,
    /// Connections that it refused.
    pub refused: usize,
    /// Whole requests that it forwarded.
    pub requests: usize,
    /// Whole answers that it forwarded.
    pub answers: usize,
    /// Requests that the server ran, and whose answer it withheld.
    pub answers_cut: usize,
    /// Requests that it cut in the middle.
    pub requests_cut: usize,
}

impl Counters {
    /// Counts a new connection, and returns its number, from 0.
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
    /// Changes when the proxy must cut all connections.
    sever: watch::Sender<()>,
    cut: Mutex<Option<Wanted>>,
    counters: Mutex<Counters>,
}

impl FaultProxy {
    /// Starts a proxy that forwards everything to `target`.
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

    /// Does this to all connections from now on.
    pub fn set(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// Sends new connections to another server; those that are open stay where they are, as after a failover.
    pub fn lead_to(&self, target: SocketAddr) {
        *lock(&self.shared.target) = target;
    }

    /// Cuts a connection when the request comes that `cut` describes.
    pub fn cut(&self, cut: Cut) {
        *lock(&self.shared.cut) = Some(Wanted::new(cut));
    }

    /// Forgets the cut that [`Self::cut`] asked for.
    pub fn cut_no_more(&self) {
        *lock(&self.shared.cut) = None;
    }

    /// Makes all open connections half-open: the proxy forwards nothing on them any more, and never closes them. New ones work.
    pub fn half_open(&self) {
        self.shared.half_open.send_replace(self.counters().connections);
    }

    /// Cuts all connections that are open now.
    pub fn cut_all(&self) {
        self.shared.sever.send_replace(());
    }

    /// What the proxy has done so far.
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

impl Shared {
    /// Waits until the freeze is over; on a half-open connection, for ever.
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

    /// Whether to cut this request, and where.
    fn cut_due(&self, request: &[u8]) -> Option<Due> {
        let mut wanted = lock(&self.cut);
        let due = wanted.as_mut()?.is_due(request)?;
        wanted.take_if(|wanted| wanted.is_done());
        Some(due)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
