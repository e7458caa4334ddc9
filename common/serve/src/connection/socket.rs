//! The socket, which notes what comes in, and whether what goes out is taken.
//!
//! It closes as HTTP asks for (RFC 9112, section 9.6): first it says that nothing more comes, then it reads and throws away what the
//! client still sends. If it closed at once, the system would answer those bytes with a reset, which can take the answer away from
//! the client, and which a proxy counts as a failure of ours.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::progress::{End, SharedProgress};

/// How much we read and throw away after the last answer, in bytes.
const MAX_DISCARDED: usize = 32 << 20;

/// The socket of a connection.
pub(super) struct ObservedSocket {
    stream: TcpStream,
    progress: SharedProgress,
    /// What was thrown away after the last answer, in bytes; `None` until that has been said.
    discarded: Option<usize>,
}

impl ObservedSocket {
    /// Notes in `progress` what is received and sent.
    pub(super) fn new(stream: TcpStream, progress: &SharedProgress) -> Self {
        Self {
            stream,
            progress: progress.clone(),
            discarded: None,
        }
    }

    fn sent(&self, written: &Poll<io::Result<usize>>) {
        let taken = match written {
            Poll::Pending => None,
            Poll::Ready(written) => Some(written.as_ref().copied().unwrap_or(0)),
        };
        self.progress.lock().sent(taken, Instant::now());
    }

    /// Reads and throws away what comes until the client closes, or has sent too much.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; 16 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            let discarded = self.discarded.unwrap_or(0) + buffer.filled().len();
            self.discarded = Some(discarded);
            if read.is_err() || buffer.filled().is_empty() || discarded > MAX_DISCARDED {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for ObservedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.progress.lock().received(Instant::now());
        } else if matches!(read, Poll::Ready(Ok(()))) && buffer.remaining() > 0 {
            // hyper would drop the request. It reads again when that has been answered, or the watchdog ends the connection.
            let end = self.progress.lock().half_closed(Instant::now());
            if end == End::PerhapsOfRequest {
                context.waker().wake_by_ref();
            }
            if end != End::OfAll {
                return Poll::Pending;
            }
        }
        read
    }
}

impl AsyncWrite for ObservedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.sent(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has written everything.
        self.progress.lock().all_sent();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.discarded.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.discarded = Some(0);
            if !self.progress.lock().closing(Instant::now()) {
                return Poll::Ready(Ok(()));
            }
        }
        // The watchdog ends this if the client doesn't.
        ready!(self.poll_discard(context));
        Poll::Ready(Ok(()))
    }
}
