//! A receiver on a real socket: records what it gets and answers as the test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the receiver does with each request.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Writes this, and closes the connection when the other side does.
    Whole(String),
    /// Writes the first part once, then the second for ever.
    Endless(String, String),
    /// Writes this and closes the connection.
    ThenClose(String),
    /// Closes with a reset.
    Reset,
    /// Never answers.
    Hang,
}

/// A receiver that is running.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    connections: Arc<Mutex<u32>>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(super) async fn start(answer: Answer) -> Self {
        Self::start_with(answer, None).await
    }

    /// Speaks TLS, if given an acceptor.
    pub(super) async fn start_with(answer: Answer, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, connections) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<u32>>::default());
        let (recorded, counted) = (Arc::clone(&requests), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                *counted.lock().unwrap() += 1;
                if matches!(answer, Answer::Reset) {
                    stream.set_zero_linger().unwrap();
                }
                let (answer, recorded, tls) = (answer.clone(), Arc::clone(&recorded), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &answer, &recorded).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &answer, &recorded).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            requests,
            connections,
            task,
        }
    }

    pub(super) fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> u32 {
        *self.connections.lock().unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &Answer,
    recorded: &Mutex<Vec<Vec<u8>>>,
) {
    // Ends when the other side closes, or no longer takes what we write.
    while let Some(request) = read_request(&mut stream).await {
        recorded.lock().unwrap().push(request);
        let written = match answer {
            Answer::Whole(text) => stream.write_all(text.as_bytes()).await,
            Answer::Endless(start, more) => {
                let mut written = stream.write_all(start.as_bytes()).await;
                while written.is_ok() {
                    written = stream.write_all(more.as_bytes()).await;
                    tokio::task::yield_now().await;
                }
                written
            }
            Answer::ThenClose(text) => {
                // If it fails, the connection is closed as well.
                let _written = stream.write_all(text.as_bytes()).await;
                return;
            }
            Answer::Reset => return,
            Answer::Hang => Ok(()),
        };
        if written.is_err() {
            return;
        }
    }
}

/// The raw bytes of the next request, or `None` at the end.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(bytes);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
