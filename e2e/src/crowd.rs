//! Clients that take the places of a server: they send the start of a request and then a byte now and then, or don't read what they
//! asked for. Those that are thrown out come again.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How often who sends slowly sends a byte.
const DRIP: Duration = Duration::from_secs(4);

/// How long who doesn't read keeps a connection.
const UNREAD: Duration = Duration::from_secs(12);

/// How long somebody stays away who was thrown out.
const AWAY: Duration = Duration::from_millis(200);

/// One of a crowd.
#[derive(Debug, Clone)]
pub struct Guest {
    start: String,
    drips: bool,
}

impl Guest {
    /// Sends a head whose end never comes, from nobody, a byte at a time.
    #[must_use]
    pub fn sends_a_head_slowly() -> Self {
        Self::sends_slowly("GET /healthz HTTP/1.1\r\nx-slow: ".to_owned())
    }

    /// Sends a head of somebody with this token at once, and the body a byte at a time.
    #[must_use]
    pub fn sends_a_body_slowly(token: &str) -> Self {
        Self::sends_slowly(format!(
            "POST /api/webhooks-config HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: 15000\r\n\r\n{{"
        ))
    }

    const fn sends_slowly(start: String) -> Self {
        Self { start, drips: true }
    }

    /// Sends a whole request, and doesn't read the answer.
    #[must_use]
    pub fn never_reads(request: impl Into<String>) -> Self {
        let (start, drips) = (request.into(), false);
        Self { start, drips }
    }
}

/// A crowd, which leaves when this is dropped.
#[derive(Debug, Default)]
pub struct Crowd(JoinSet<()>);

impl Crowd {
    /// Sends these guests to a server.
    pub fn at(address: SocketAddr, guests: impl IntoIterator<Item = Guest>) -> Self {
        Self(guests.into_iter().map(|guest| push_in(address, guest)).collect())
    }

    /// Waits until all have left.
    pub async fn leave(mut self) {
        self.0.shutdown().await;
    }
}

async fn push_in(address: SocketAddr, guest: Guest) {
    loop {
        if let Ok(stream) = TcpStream::connect(address).await {
            // Whatever becomes of the connection, it is made anew.
            drop(stay(stream, &guest).await);
        }
        tokio::time::sleep(AWAY).await;
    }
}

/// Stays until it is thrown out; who doesn't read wouldn't notice that.
async fn stay(mut stream: TcpStream, guest: &Guest) -> std::io::Result<()> {
    stream.write_all(guest.start.as_bytes()).await?;
    if !guest.drips {
        tokio::time::sleep(UNREAD).await;
        return Ok(());
    }
    let (mut reader, mut writer) = stream.split();
    let dripping = async {
        loop {
            tokio::time::sleep(DRIP).await;
            writer.write_all(b" ").await?;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        ended = dripping => ended,
        read = reader.read_to_end(&mut said) => read.map(drop),
    }
}
