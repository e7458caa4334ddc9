//! Request bodies that come slowly, and those that nobody reads to their end.
//!
//! A body has to come in time: each part soon after the one before, all of it at [`Patience::rate`] at least, and within
//! [`Patience::whole`]. If it doesn't, or if its connection has to make room for another, whoever reads it gets an error of the
//! kind [`io::ErrorKind::TimedOut`], and the connection is closed.
//!
//! We answer a request that we refuse early (an unknown path, a wrong token, too long a head or a body) at once, while its client
//! may still be sending. If we then closed the connection, the client would lose the answer, and a proxy would take it for a
//! failure of ours. So we go on reading and throw away what still comes, up to a bound.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use poem::http::header;
use poem::{Body, Request};
use serve::{Occupant, Pace};
use tokio::time::{Instant, Sleep, sleep_until};

/// How many bytes of a body we read and throw away, so that its client gets to read the answer.
const MAX_DISCARDED: usize = 32 * 1024 * 1024;

/// For how long we do that.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How long the body of a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long to wait for the next part, and for the first bytes at `rate`.
    pub part: Duration,
    /// How fast it has to come on the whole, in bytes a second.
    pub rate: u32,
    /// How long all of it may take, counted from the end of the head.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            part: Duration::from_secs(10),
            rate: 1024,
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
    /// Since when somebody waits for it, and how many bytes have come since.
    awaited: Option<Pace>,
    /// Set while somebody waits for a part.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether dropping it reads the rest.
    discards: bool,
    /// The connection that it comes on.
    occupant: Option<Occupant>,
}

/// Limits how long the body of a request may take.
pub(crate) fn limit(request: &mut Request, patience: Patience) {
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
        awaited: None,
        alarm: None,
        discards: !waits,
        occupant: request.data::<Occupant>().cloned(),
    }));
}

impl Limited {
    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let Some(chunks) = &mut self.chunks else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(next) = chunks.as_mut().poll_next(context) {
            self.alarm = None;
            if let Some(Ok(part)) = &next {
                self.came(part.len());
            }
            let is_late = Instant::now() > self.deadline;
            return Poll::Ready(if is_late { Some(Err(too_slow())) } else { next });
        }
        let now = Instant::now();
        let pace = *self.awaited.get_or_insert_with(|| Pace::new(now.into_std()));
        if let Some(occupant) = &self.occupant {
            occupant.body_awaited();
            if occupant.is_leaving() {
                return Poll::Ready(Some(Err(too_slow())));
            }
        }
        let Patience { part, rate, .. } = self.patience;
        let due = (now + part).min(Instant::from_std(pace.behind_from(part, rate.into())));
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(self.deadline.min(due))));
        ready!(alarm.as_mut().poll(context));
        Poll::Ready(Some(Err(too_slow())))
    }

    fn came(&mut self, bytes: usize) {
        if let Some(pace) = &mut self.awaited {
            pace.went(bytes);
        }
        if let Some(occupant) = &self.occupant {
            occupant.body_came(bytes);
        }
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
            if let Some(occupant) = &self.occupant {
                occupant.body_ended(next.is_none());
            }
        }
        Poll::Ready(next)
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let Some(chunks) = self.chunks.take() else {
            return;
        };
        let occupant = self.occupant.take();
        if let Some(occupant) = &occupant {
            occupant.body_ended(false);
        }
        if let Some(runtime) = tokio::runtime::Handle::try_current()
            .ok()
            .filter(|_| self.discards)
        {
            runtime.spawn(discard(chunks, occupant));
        }
    }
}

/// Reads what still comes of a body, and throws it away.
async fn discard(mut chunks: Chunks, occupant: Option<Occupant>) {
    let reading = async {
        let mut discarded = 0;
        while let Some(Ok(chunk)) = chunks.next().await {
            discarded += chunk.len();
            if discarded > MAX_DISCARDED {
                return false;
            }
        }
        true
    };
    let is_complete = tokio::time::timeout(MAX_WAIT, reading).await.unwrap_or(false);
    if !is_complete {
        tracing::debug!("gave up on the rest of a request body");
    }
    if let Some(occupant) = occupant {
        occupant.body_ended(is_complete);
    }
}
