//! One connection: hyper speaks, and what it does is watched.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, watch};
use tokio::time::Sleep;

use super::Limits;
use super::progress::Progress;

/// The longest head of a request, in bytes. Whoever wants to answer long ones in words must be content with less.
const MAX_HEAD: usize = 32 << 10;

/// What hyper holds of a connection, at most, in each direction.
const MAX_BUFFER: usize = 64 << 10;

/// Serves one connection until it ends, is idle or slow for too long, makes room for another, or the server stops.
pub(crate) async fn serve<H, A, B>(
    stream: TcpStream,
    limits: Limits,
    handler: H,
    mut stop: watch::Receiver<bool>,
    crowded: Arc<Notify>,
) where
    H: Fn(Request<Incoming>) -> A,
    A: Future<Output = Result<Response<B>, Infallible>>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + Unpin + 'static,
{
    let shared = Shared::new();
    let progress = shared.clone();
    let service = service_fn(move |request| {
        let open = Open::new(&progress);
        let answer = handler(request);
        async move {
            let (head, body) = answer.await?.into_parts();
            Ok::<_, Infallible>(Response::from_parts(head, Answer { body, _open: open }))
        }
    });
    let io = TokioIo::new(Watched {
        stream,
        progress: shared.clone(),
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            // What hyper measures would close idle connections as early as slow ones.
            .header_read_timeout(None)
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_BUFFER)
            .serve_connection(io, service)
    );
    let mut stopping = std::pin::pin!(async move {
        // The sender goes only after it has sent.
        drop(stop.wait_for(|is_stopping| *is_stopping).await);
    });
    let mut watchman = Watchman::new(&shared, limits, crowded);
    let mut is_closing = false;
    loop {
        let event = std::future::poll_fn(|context| {
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Ended);
            }
            if !is_closing && stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Close("the server stops"));
            }
            watchman.poll(context)
        });
        match event.await {
            Event::Ended => return,
            // Idle, it closes at once; else the answer that is being made is its last one.
            Event::Close(reason) => {
                tracing::trace!(reason, "a connection is being closed");
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            Event::Cut(reason) => {
                tracing::debug!(reason, "a connection was cut off");
                return;
            }
        }
    }
}

/// What happens to a connection.
enum Event {
    /// It is over.
    Ended,
    /// It is to end as soon as that loses nothing.
    Close(&'static str),
    /// It has used up its time.
    Cut(&'static str),
}

/// Looks at a connection whenever something has happened on it.
struct Watchman {
    shared: Shared,
    limits: Limits,
    crowded: Arc<Notify>,
    /// While it makes room for others, it stands in line for that, by when it began to.
    line: Option<(Instant, Pin<Box<OwnedNotified>>)>,
    /// Set for a deadline that may have moved since.
    alarm: Pin<Box<Sleep>>,
    alarm_at: Option<Instant>,
}

impl Watchman {
    fn new(shared: &Shared, limits: Limits, crowded: Arc<Notify>) -> Self {
        Self {
            shared: shared.clone(),
            limits,
            crowded,
            line: None,
            alarm: Box::pin(tokio::time::sleep(limits.head)),
            alarm_at: None,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            let (makes_room_from, deadline, reason) = {
                let progress = self.shared.lock();
                (
                    progress.makes_room_from(&self.limits),
                    progress.deadline(&self.limits),
                    progress.reason(),
                )
            };
            let now = Instant::now();
            let (since, later) = match makes_room_from {
                Some(from) if from > now => (None, Some(from)),
                since => (since, None),
            };
            // A whole request may have come and gone since the last look: then it goes to the end of the line.
            if self.line.as_ref().map(|(since, _)| *since) != since {
                self.line = since.map(|since| (since, Box::pin(Arc::clone(&self.crowded).notified_owned())));
            }
            if let Some((_, called)) = &mut self.line
                && called.as_mut().poll(context).is_ready()
            {
                self.line = None;
                return Poll::Ready(Event::Close("it makes room for another"));
            }
            let Some(next) = deadline.into_iter().chain(later).min() else {
                return Poll::Pending;
            };
            if self.alarm_at.is_none_or(|at| next < at) {
                self.alarm.as_mut().reset(next.into());
                self.alarm_at = Some(next);
            }
            ready!(self.alarm.as_mut().poll(context));
            let at = self.alarm_at.take();
            if deadline.is_some() && at >= deadline {
                return Poll::Ready(Event::Cut(reason));
            }
        }
    }
}

/// The progress of a connection, for all who move it on. They are all polled by one task.
#[derive(Clone)]
struct Shared(Arc<Mutex<Progress>>);

impl Shared {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Progress::new(Instant::now()))))
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered, until it is dropped.
struct Open(Shared);

impl Open {
    fn new(shared: &Shared) -> Self {
        shared.lock().request_began();
        Self(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().request_ended(Instant::now());
    }
}

/// The body of an answer, which ends its request.
struct Answer<B> {
    body: B,
    _open: Open,
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The socket, watched.
struct Watched {
    stream: TcpStream,
    progress: Shared,
}

impl Watched {
    fn sent(&self, is_stalled: bool) {
        self.progress.lock().sent(is_stalled, Instant::now());
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.progress.lock().received(Instant::now());
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.sent(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
