//! One connection, on which one exchange follows the other.
//!
//! Reading goes on while the request is still being written, and after writing has failed: a receiver may answer before it
//! has read everything, and close. What decides is whether a byte of an answer came.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::ReadBuf;

use super::cause::is_ours;
use super::http1::body::{Body, Next, Nonsense};
use super::http1::head::{Head, Heads};
use super::stream::Stream;

/// How much is read at a time.
const READ: usize = 4 << 10;

/// A connection to a receiver.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    /// The addresses of the host, one of which it leads to.
    addresses: Arc<[IpAddr]>,
    /// What has come and was not taken yet.
    come: BytesMut,
    /// Whether the request was written completely.
    is_written: bool,
}

/// An exchange that has no end as it should.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Whether no byte of an answer came: then the request may be sent again.
    pub(super) is_unanswered: bool,
    /// What happened.
    pub(super) how: How,
}

/// How an exchange broke off.
#[derive(Debug)]
pub(crate) enum How {
    /// The receiver closed the connection.
    Closed(Missing),
    /// Reading or writing failed.
    Failed(io::Error),
    /// The receiver sent something else than HTTP/1.
    Nonsense(Nonsense),
}

/// What had not come when the receiver closed the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Anything.
    Answer,
    /// The end of the head.
    Head,
    /// The end of the body.
    Body,
}

impl Connection {
    pub(super) fn new(stream: Stream, addresses: Arc<[IpAddr]>) -> Self {
        Self {
            stream,
            addresses,
            come: BytesMut::new(),
            is_written: true,
        }
    }

    /// The addresses of the host, one of which it leads to.
    pub(super) const fn addresses(&self) -> &Arc<[IpAddr]> {
        &self.addresses
    }

    /// Whether a request can be sent: nothing is left of the exchange before, and the receiver has not closed.
    pub(super) fn is_idle(&mut self) -> bool {
        self.is_written && self.come.is_empty() && self.stream.is_quiet()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(&mut self, head: &[u8], body: &[u8]) -> Result<Head, Broken> {
        self.is_written = false;
        let (mut written, mut heads, mut write_error) = (0, Heads::default(), None);
        let mut has_come = false;
        poll_fn(|context| {
            if !self.is_written && write_error.is_none() {
                write_error = self.poll_write(context, head, body, &mut written).err();
            }
            loop {
                let read = ready!(self.poll_read(context));
                let missing = if has_come { Missing::Head } else { Missing::Answer };
                let how = match read {
                    Ok(0) => match write_error.take() {
                        Some(error) if !has_come => How::Failed(error),
                        _ => How::Closed(missing),
                    },
                    Ok(_) => {
                        has_come = true;
                        match heads.next(&mut self.come) {
                            Ok(None) => continue,
                            Ok(Some(head)) => return Poll::Ready(Ok(head)),
                            Err(nonsense) => How::Nonsense(nonsense),
                        }
                    }
                    Err(error) => How::Failed(error),
                };
                let is_unanswered = !has_come;
                return Poll::Ready(Err(Broken { is_unanswered, how }));
            }
        })
        .await
    }

    /// What is next of the body: a part of it, or its end.
    pub(super) async fn next(&mut self, body: &mut Body) -> Result<Next, Broken> {
        let broken = |how| Broken {
            is_unanswered: false,
            how,
        };
        loop {
            match body.next(&mut self.come).map_err(How::Nonsense).map_err(broken)? {
                Next::Wanting => {}
                next => return Ok(next),
            }
            match poll_fn(|context| self.poll_read(context)).await {
                Ok(0) if body.may_end() => return Ok(Next::End),
                Ok(0) => return Err(broken(How::Closed(Missing::Body))),
                Ok(_) => {}
                Err(error) => return Err(broken(How::Failed(error))),
            }
        }
    }

    /// Writes as much of the request as can be written now.
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        head: &[u8],
        body: &[u8],
        written: &mut usize,
    ) -> io::Result<()> {
        while *written < head.len() + body.len() {
            let parts = [
                IoSlice::new(head.get(*written..).unwrap_or_default()),
                IoSlice::new(&body[written.saturating_sub(head.len())..]),
            ];
            match self.stream.poll_write(context, &parts)? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(more) => *written += more,
                Poll::Pending => return Ok(()),
            }
        }
        self.is_written = self.stream.poll_flush(context)?.is_ready();
        Ok(())
    }

    /// Reads what has come, and says how much; nothing at the end.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); READ];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(self.stream.poll_read(context, &mut buffer))?;
        self.come.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl Broken {
    /// Whether this machine is out of something.
    pub(super) fn is_ours(&self) -> bool {
        matches!(&self.how, How::Failed(error) if is_ours(error))
    }

    /// Whether a new connection was ended as by a receiver that goes away: it may be back in a moment. Other trouble, such
    /// as an alert of TLS, would be the same again.
    pub(super) fn may_pass(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
        self.is_unanswered
            && match &self.how {
                How::Closed(_) => true,
                How::Failed(error) => {
                    matches!(
                        error.kind(),
                        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected
                    )
                }
                How::Nonsense(_) => false,
            }
    }
}
