//! Request bodies that come slowly, and those that nobody reads to their end.
//!
//! A body has to come in time: each part of it soon after the one before, and all of it within a span. Whoever reads one that
//! doesn't gets an error of the kind [`io::ErrorKind::TimedOut`], and the connection is closed.
//!
//! A request that is refused early (a wrong token, too long a body) is answered at once, while its client may still be
//! sending. Closing the connection then would make the client lose the answer, so what is left of a body is read and
//! thrown away in the background, up to a bound.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use poem::http::header;
use poem::{Body, Request};
use tokio::time::{Instant, Sleep, sleep_until};

/// How much of an unwanted body is read, so that its client can read the answer.
const MAX_DISCARDED: usize = 32 * 1024 * 1024;

/// For how long.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How long the body of a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until each part of it.
    pub part: Duration,
    /// For all of it, from the end of the head.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            part: Duration::from_secs(10),
            whole: Duration::from_secs(60),
        }
    }
}

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A body that has to come in time, and whose rest is discarded when it is dropped.
struct Limited {
    /// `None` once there is nothing more to be read.
    chunks: Option<Chunks>,
    patience: Patience,
    deadline: Instant,
    /// Set while a part is waited for.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether the rest is worth reading when nobody wants it.
    discards: bool,
}

/// Limits how long the body of a request may take. `is_known` tells whether the path exists: only then can its client expect
/// that an early answer reaches it, however much it still sends.
pub(crate) fn limit(request: &mut Request, patience: Patience, is_known: bool) {
    let body = request.take_body();
    if body.is_empty() {
        request.set_body(body);
        return;
    }
    // Who waits for `100 Continue` doesn't send yet, and reading would tell it to.
    let waits = request.headers().contains_key(header::EXPECT);
    request.set_body(Body::from_bytes_stream(Limited {
        chunks: Some(Box::pin(body.into_bytes_stream())),
        patience,
        deadline: Instant::now() + patience.whole,
        alarm: None,
        discards: is_known && !waits,
    }));
}

impl Limited {
    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let Some(chunks) = &mut self.chunks else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(next) = chunks.as_mut().poll_next(context) {
            self.alarm = None;
            let is_late = Instant::now() > self.deadline;
            return Poll::Ready(if is_late { Some(Err(too_slow())) } else { next });
        }
        let (part, deadline) = (self.patience.part, self.deadline);
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline.min(Instant::now() + part))));
        ready!(alarm.as_mut().poll(context));
        Poll::Ready(Some(Err(too_slow())))
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly")
}

impl Stream for Limited {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.poll_part(context));
        if matches!(next, None | Some(Err(_))) {
            self.chunks = None;
        }
        Poll::Ready(next)
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let Some(mut chunks) = self.chunks.take().filter(|_| self.discards) else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            let discard = async {
                let mut discarded = 0;
                while let Some(Ok(chunk)) = chunks.next().await {
                    discarded += chunk.len();
                    if discarded > MAX_DISCARDED {
                        break;
                    }
                }
            };
            if tokio::time::timeout(MAX_WAIT, discard).await.is_err() {
                tracing::debug!("gave up on the rest of a request body");
            }
        });
    }
}
