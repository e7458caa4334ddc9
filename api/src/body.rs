//! Request bodies that nobody reads to their end.
//!
//! A request that is refused early (a wrong token, too long a body) is answered at once, while its client may still be
//! sending. Closing the connection then would make the client lose the answer, so what is left of a body is read and
//! thrown away in the background, up to a bound.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use poem::{Body, Request};

/// How much of an unwanted body is read, so that its client can read the answer.
const MAX_DISCARDED: usize = 32 * 1024 * 1024;

/// For how long.
const MAX_WAIT: Duration = Duration::from_secs(5);

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A body whose rest is discarded when it is dropped.
struct Tolerant {
    chunks: Option<Chunks>,
}

/// Makes sure that the client can read an early answer.
pub(crate) fn tolerate_early_answer(request: &mut Request) {
    let body = request.take_body();
    if body.is_empty() {
        request.set_body(body);
        return;
    }
    let chunks: Chunks = Box::pin(body.into_bytes_stream());
    request.set_body(Body::from_bytes_stream(Tolerant { chunks: Some(chunks) }));
}

impl Stream for Tolerant {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunks) = &mut self.chunks else {
            return Poll::Ready(None);
        };
        let next = chunks.as_mut().poll_next(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.chunks = None;
        }
        next
    }
}

impl Drop for Tolerant {
    fn drop(&mut self) {
        let Some(mut chunks) = self.chunks.take() else {
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
