//! A scripted HTTP receiver on loopback. It answers what the test tells it to, and records each request byte by byte.
//!
//! ```no_run
//! # async fn example() {
//! use e2e::receiver::{Answer, Receiver};
//!
//! let receiver = Receiver::start().await;
//! receiver.then("/hook", [Answer::status(500), Answer::hang()]); // first these, one each …
//! receiver.always("/hook", Answer::status(204)); // … then this
//! let requests = receiver.wait_for(3).await;
//! assert_eq!(requests[2].header("x-rkt-attempt"), Some("3"));
//! # }
//! ```
//!
//! A path without a script gets 200. The receiver runs on the test's own runtime, which must be a multi-threaded one if the
//! test makes blocking calls.

mod answer;

mod connection;

mod listening;

mod record;

mod tls;

mod workers;

pub use answer::Answer;
pub use record::Received;
pub use tls::TestCa;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::listening::{Tls, accept};
use self::record::Record;
use crate::ports::free_port;
use crate::wait::{LONG, check, eventually};

/// A receiver that listens until the test closes or drops it.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    tls: Option<Tls>,
    record: Arc<Record>,
    listening: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts a receiver that speaks plain HTTP.
    pub async fn start() -> Self {
        Self::start_on(None).await
    }

    /// Starts a receiver that speaks plain HTTP, at this address.
    pub async fn start_at(address: SocketAddr) -> Self {
        let mut receiver = Self {
            address,
            tls: None,
            record: Arc::new(Record::default()),
            listening: None,
        };
        let listening = receiver.try_listen().await;
        listening.unwrap_or_else(|error| panic!("cannot listen on {address}: {error}"));
        receiver
    }

    /// Starts a receiver that speaks HTTPS, with a certificate of `ca` for `localhost` and 127.0.0.1.
    pub async fn start_tls(ca: &TestCa) -> Self {
        Self::start_on(Some(Tls(ca.acceptor(&["localhost", "127.0.0.1"])))).await
    }

    /// Starts a receiver that speaks HTTPS, with a certificate for these names.
    pub async fn start_tls_as(ca: &TestCa, names: &[&str]) -> Self {
        Self::start_on(Some(Tls(ca.acceptor(names)))).await
    }

    /// Starts a receiver that speaks HTTPS, with a certificate that expired on 2021-03-01.
    pub async fn start_tls_expired(ca: &TestCa) -> Self {
        let acceptor = ca.expired_acceptor(&["localhost", "127.0.0.1"]);
        Self::start_on(Some(Tls(acceptor))).await
    }

    async fn start_on(tls: Option<Tls>) -> Self {
        let mut receiver = Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls,
            record: Arc::new(Record::default()),
            listening: None,
        };
        for _ in 0..10 {
            receiver.address.set_port(free_port());
            if receiver.try_listen().await.is_ok() {
                return receiver;
            }
        }
        panic!("ten ports in a row were taken by others");
    }

    async fn try_listen(&mut self) -> std::io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        let (record, tls) = (Arc::clone(&self.record), self.tls.clone());
        self.listening = Some(tokio::spawn(accept(listener, record, tls)));
        Ok(())
    }

    /// The URL of a path, `path` with its leading `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers every request of `path` like this from now on, once the answers that [`Self::then`] queued are used up.
    pub fn always(&self, path: &str, answer: Answer) {
        self.always_with(path, move |_| answer.clone());
    }

    /// Lets `decide` choose the answer to each request of `path`.
    pub fn always_with(&self, path: &str, decide: impl Fn(&Received) -> Answer + Send + Sync + 'static) {
        self.record.set_always(path, Arc::new(decide));
    }

    /// Queues answers to the next requests of `path`, one for each.
    pub fn then(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.record.queue(path, answers);
    }

    /// Lets all answers go that are [`Answer::held`], now and later.
    pub fn open_gate(&self) {
        self.record.gate.send_replace(true);
    }

    /// Holds answers that are [`Answer::held`] again.
    pub fn close_gate(&self) {
        self.record.gate.send_replace(false);
    }

    /// All requests so far, in the order in which they were completed.
    #[must_use]
    pub fn received(&self) -> Vec<Arc<Received>> {
        self.record.received()
    }

    /// The requests of one path so far.
    #[must_use]
    pub fn received_at(&self, path: &str) -> Vec<Arc<Received>> {
        let mut all = self.received();
        all.retain(|request| request.path == path);
        all
    }

    /// How many requests have come so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.record.count()
    }

    /// How many requests wait for their answer.
    #[must_use]
    pub fn open(&self) -> usize {
        self.record.open_now()
    }

    /// The most requests that have waited for their answers at one time.
    #[must_use]
    pub fn most_open(&self) -> usize {
        self.record.most_open()
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.record.connections()
    }

    /// Waits until `count` requests have come, and returns all that have.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> impl Future<Output = Vec<Arc<Received>>> {
        self.wait_until(LONG, format!("{count} requests"), move |all| all.len() >= count)
    }

    /// Waits until `count` requests of `path` have come, and returns all of that path.
    #[track_caller]
    pub fn wait_for_at(&self, path: &str, count: usize) -> impl Future<Output = Vec<Arc<Received>>> {
        let owned = path.to_owned();
        let waiting = self.wait_until(LONG, format!("{count} requests of {path}"), move |all| {
            all.iter().filter(|request| request.path == owned).count() >= count
        });
        async move {
            waiting.await;
            self.received_at(path)
        }
    }

    /// Waits until `condition` holds for the requests so far, and returns them.
    #[track_caller]
    pub fn wait_until(
        &self,
        deadline: Duration,
        what: String,
        condition: impl Fn(&[Arc<Received>]) -> bool,
    ) -> impl Future<Output = Vec<Arc<Received>>> {
        eventually(deadline, "the receiver", async move || {
            let all = self.received();
            let seen = format!("it has {} of: {what}", all.len());
            check(condition(&all), seen).map(|()| all)
        })
    }

    /// Stops listening and cuts all connections: from now on, connecting fails.
    pub async fn close(&mut self) {
        if let Some(task) = self.listening.take() {
            task.abort();
            // The task ends with an error, by the abort. What matters is that it has dropped the listener by now.
            drop(task.await);
        }
    }

    /// Listens again on the same port.
    pub async fn reopen(&mut self) {
        self.close().await;
        self.try_listen()
            .await
            .unwrap_or_else(|error| panic!("cannot listen on {} again: {error}", self.address));
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = self.listening.take() {
            task.abort();
        }
    }
}
