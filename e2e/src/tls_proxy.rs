//! TLS in front of a Redis server that was built without it. Only clients with a certificate of the authority get through.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::ports::free_port;
use crate::receiver::TestCa;

/// A proxy that terminates TLS. Dropping it closes its connections.
#[derive(Debug)]
pub struct TlsProxy {
    address: SocketAddr,
    counts: Arc<Counts>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    served: AtomicUsize,
    refused: AtomicUsize,
}

impl TlsProxy {
    /// Starts a proxy in front of a server. Its certificate is for `127.0.0.1`.
    pub async fn start(target: SocketAddr, ca: &TestCa) -> Self {
        let acceptor = ca.demanding_acceptor(&["127.0.0.1"]);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port()))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        let listening = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, counts) = (acceptor.clone(), Arc::clone(&counting));
                connections.spawn(async move {
                    let Ok(mut client) = acceptor.accept(client).await else {
                        counts.refused.fetch_add(1, Ordering::Relaxed);
                        return;
                    };
                    counts.served.fetch_add(1, Ordering::Relaxed);
                    if let Ok(mut server) = TcpStream::connect(target).await {
                        // Both sides notice the end by themselves.
                        drop(copy_bidirectional(&mut client, &mut server).await);
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            counts,
            listening,
        }
    }

    /// `rediss://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://{}", self.address)
    }

    /// How many connections it has let through.
    #[must_use]
    pub fn served(&self) -> usize {
        self.counts.served.load(Ordering::Relaxed)
    }

    /// How many handshakes have failed: the client had no certificate or a wrong one, or refused the server's.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.counts.refused.load(Ordering::Relaxed)
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
