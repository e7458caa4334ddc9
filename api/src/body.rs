//! Request bodies that come slowly, and those that nobody reads to their end.
//!
//! A body has to come in time: each part soon after the one before, and all of it within [`Patience::whole`]. If it doesn't,
//! whoever reads it gets an error of the kind [`io::ErrorKind::TimedOut`], and the connection is closed.
//!
//! We answer a request that we refuse early (a wrong token, too long a body) at once, while its client may still be sending.
//! If we then closed the connection, the client would lose the answer. So we go on reading and throw away what still comes,
//! up to a bound.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use poem::http::header;
use poem::{Body, Request};
use tokio::time::{Instant, Sleep, sleep_until};

/// How many bytes of a body we read and throw away, so that its client gets to read the answer.
const MAX_DISCARDED: usize = 32 * 1024 * 1024;

/// For how long we do that.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How long the body of a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long to wait for the next part.
    pub part: Duration,
    /// How long all of it may take, counted from the end of the head.
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

/// A body that has to come in time. Dropping it reads the rest and throws that away.
struct Limited {
    /// `None` once there is nothing more to read.
    chunks: Option<Chunks>,
    patience: Patience,
    deadline: Instant,
    /// Set while somebody waits for a part.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether dropping it reads the rest.
    discards: bool,
}

/// Limits how long the body of a request may take. `is_known` says whether the path exists: only then do we read on after an
/// early answer.
pub(crate) fn limit(request: &mut Request, patience: Patience, is_known: bool) {
    let body = request.take_body();
    if body.is_empty() {
        request.set_body(body);
        return;
    }
    // A client that waits for `100 Continue` sends nothing yet; reading would make it send.
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
