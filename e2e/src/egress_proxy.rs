//! An HTTP proxy such as operators put between their network and the internet. It opens tunnels (`CONNECT`), records every
//! request for one, and misbehaves when told to.
//!
//! It runs on the test's own runtime, and answers every method but `CONNECT` with 400.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::ports::free_port;

/// What the proxy does when a client asks for a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conduct {
    /// Opens it, or answers 502 if it can't.
    Tunnel,
    /// Answers with this head.
    Answer(&'static str),
    /// Says nothing, as if it were still connecting.
    Try,
    /// Says nothing at all, like a stopped process; afterwards it does what clients asked for meanwhile.
    Hang,
    /// Closes every connection.
    Close,
}

/// A proxy that listens until it is stopped or dropped.
#[derive(Debug)]
pub struct EgressProxy {
    address: SocketAddr,
    state: Arc<State>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    conduct: watch::Sender<Conduct>,
    asked: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

impl EgressProxy {
    /// Starts a proxy that opens tunnels.
    ///
    /// # Panics
    ///
    /// When its port was taken by others.
    pub async fn start() -> Self {
        let state = State {
            conduct: watch::Sender::new(Conduct::Tunnel),
            asked: Mutex::default(),
            connections: Mutex::default(),
        };
        let mut proxy = Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())),
            state: Arc::new(state),
            listening: None,
        };
        proxy.listen().await;
        proxy
    }

    /// Listens again after [`Self::stop`].
    ///
    /// # Panics
    ///
    /// When its port was taken by others.
    pub async fn listen(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let state = Arc::clone(&self.state);
        self.listening = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *lock(&state.connections) += 1;
                connections.spawn(serve(stream, Arc::clone(&state)));
            }
        }));
    }

    /// Stops listening and ends all tunnels, as if it were killed.
    pub async fn stop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // A cancelled task ends with an error.
            drop(listening.await);
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value of `EGRESS_PROXY`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what it does from now on.
    pub fn conduct(&self, conduct: Conduct) {
        self.state.conduct.send_replace(conduct);
    }

    /// The heads of all requests for a tunnel so far.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        lock(&self.state.asked).clone()
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        *lock(&self.state.connections)
    }
}

impl Drop for EgressProxy {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let Some(head) = read_head(&mut stream).await else {
        return;
    };
    let target = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next());
    let target = target.map(str::to_owned);
    if target.is_some() {
        lock(&state.asked).push(head);
    }
    let mut conducts = state.conduct.subscribe();
    // The sender lives as long as `state`.
    let Ok(conduct) = conducts
        .wait_for(|conduct| *conduct != Conduct::Hang)
        .await
        .map(|now| now.clone())
    else {
        return;
    };
    let answer = match (conduct, target) {
        (Conduct::Close, _) => return,
        (Conduct::Hang, _) | (Conduct::Try, Some(_)) => return std::future::pending().await,
        (_, None) => "HTTP/1.1 400 Bad Request",
        (Conduct::Answer(head), Some(_)) => head,
        (Conduct::Tunnel, Some(target)) => match TcpStream::connect(target).await {
            Ok(mut receiver) => {
                let made = stream
                    .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    .await;
                if made.is_ok() {
                    // Either side may have closed it or failed: the tunnel is over.
                    drop(copy_bidirectional(&mut stream, &mut receiver).await);
                }
                return;
            }
            Err(_) => "HTTP/1.1 502 Bad Gateway",
        },
    };
    let page = "<p>a page";
    let text = format!(
        "{answer}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    // The client may have gone.
    drop(stream.write_all(text.as_bytes()).await);
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
