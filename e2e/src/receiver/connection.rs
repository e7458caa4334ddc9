//! Serves one connection: reads HTTP/1.1 requests byte by byte, and does with each what the script says.

use std::fmt::Write as _;
use std::io;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::answer::{Action, Answer};
use super::record::{Received, Record};

/// A connection that can be reset.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Makes the close that follows a reset.
    fn reset_on_close(&self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn reset_on_close(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Stream for TlsStream<TcpStream> {
    fn reset_on_close(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

/// Counts a request as no longer open, however it ends.
struct Open<'a>(&'a Record);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// Serves requests until either side closes.
pub(super) async fn serve(mut stream: impl Stream, connection: usize, record: &Record) {
    let mut buffer = BytesMut::new();
    // A client that goes away in the middle, or that doesn't speak HTTP/1.1, leaves no record.
    while let Ok(Some(request)) = read_request(&mut stream, &mut buffer, connection).await {
        let answer = record.take(request);
        let _open = Open(record);
        match perform(&mut stream, answer, record).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// Reads one request; `None` when the client closed before its first byte.
async fn read_request(
    stream: &mut impl Stream,
    buffer: &mut BytesMut,
    connection: usize,
) -> io::Result<Option<Received>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = buffer.split_to(end).freeze();
    let text = std::str::from_utf8(&head).map_err(|_| malformed())?;
    let mut lines = text.split("\r\n").take_while(|line| !line.is_empty());
    let mut request_line = lines.next().ok_or_else(malformed)?.split(' ');
    let method = request_line.next().ok_or_else(malformed)?.to_owned();
    let path = request_line.next().ok_or_else(malformed)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(':').ok_or_else(malformed))
        .map(|pair| pair.map(|(name, value)| (name.to_owned(), value.trim().to_owned())))
        .collect::<Result<_, _>>()?;
    let mut request = Received {
        connection,
        method,
        path,
        head: head.clone(),
        headers,
        body: Bytes::new(),
        at: Instant::now(),
        status: None,
        was_cut_off: false,
    };
    let length: usize = match request.header("content-length") {
        Some(value) => value.parse().map_err(|_| malformed())?,
        None => 0,
    };
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(malformed());
        }
    }
    request.body = buffer.split_to(length).freeze();
    request.at = Instant::now();
    Ok(Some(request))
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a request")
}

/// Does what the script says. Returns whether the connection can serve another request.
async fn perform(stream: &mut impl Stream, answer: Answer, record: &Record) -> io::Result<bool> {
    if answer.held {
        let mut gate = record.gate.subscribe();
        until_closed(stream, async move {
            // The sender lives as long as the record.
            drop(gate.wait_for(|open| *open).await);
        })
        .await?;
    }
    until_closed(stream, tokio::time::sleep(answer.delay)).await?;
    match answer.action {
        Action::Respond {
            status,
            headers,
            body,
        } => {
            let mut response = head(status, &headers, body.len()).into_bytes();
            response.extend_from_slice(&body);
            stream.write_all(&response).await?;
            stream.flush().await?;
            return Ok(true);
        }
        Action::Hang => until_closed(stream, std::future::pending()).await?,
        Action::Drip {
            status,
            every,
            length,
        } => {
            stream.write_all(head(status, &[], length).as_bytes()).await?;
            for _ in 0..length {
                stream.flush().await?;
                until_closed(stream, tokio::time::sleep(every)).await?;
                stream.write_all(b".").await?;
            }
            stream.flush().await?;
            return Ok(true);
        }
        Action::Reset => stream.reset_on_close()?,
        Action::Close => {}
        Action::CutShort { promised, body } => {
            stream.write_all(head(200, &[], promised).as_bytes()).await?;
            stream.write_all(&body).await?;
            stream.flush().await?;
        }
        Action::Raw(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await?;
        }
        Action::RawSlowly { bytes, every } => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                until_closed(stream, tokio::time::sleep(every)).await?;
            }
        }
        Action::Endless { first, again, .. } => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
            }
        }
    }
    Ok(false)
}

/// Waits for `what`. Fails if the client closes first.
async fn until_closed(stream: &mut impl Stream, what: impl Future<Output = ()>) -> io::Result<()> {
    tokio::pin!(what);
    let mut byte = [0];
    tokio::select! {
        biased;
        () = &mut what => Ok(()),
        // Our client doesn't pipeline, so whatever can be read now is the end of the connection.
        _ = stream.read(&mut byte) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

fn head(status: u16, headers: &[(String, String)], length: usize) -> String {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if !matches!(status, 100..200 | 204 | 304) {
        write!(head, "content-length: {length}\r\n").unwrap();
    }
    head + "\r\n"
}
