//! The receiver's socket: accepts connections, over TLS if it has a certificate.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::connection::serve;
use super::record::Record;

/// What makes TLS of a connection.
#[derive(Clone)]
pub(super) struct Tls(pub(super) TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TlsAcceptor")
    }
}

/// Accepts connections until it is aborted; the connections end with it.
pub(super) async fn accept(listener: TcpListener, record: Arc<Record>, tls: Option<Tls>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An error here is of the one connection (it was reset before it was accepted).
                if let Ok((stream, _)) = accepted {
                    connections.spawn(welcome(stream, Arc::clone(&record), tls.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection. How it ends is the client's affair: tests look at what was recorded.
async fn welcome(stream: TcpStream, record: Arc<Record>, tls: Option<Tls>) {
    let number = record.new_connection();
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => serve(stream, number, &record).await,
        Some(Tls(acceptor)) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, number, &record).await;
            }
        }
    }
}
