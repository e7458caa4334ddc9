//! A request on a connection, from its head to the end of its answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::body::{Body, Frame, SizeHint};

use crate::places::Places;
use crate::progress::SharedProgress;

/// A request whose answer is not complete yet. Dropping this ends the request.
pub(super) struct OpenRequest {
    progress: SharedProgress,
    places: Arc<Places>,
}

impl OpenRequest {
    /// Begins when the head of the request is complete; `has_body` if more belongs to it.
    pub(super) fn begin(progress: &SharedProgress, places: &Arc<Places>, has_body: bool) -> Self {
        progress.lock().request_began(has_body);
        Self {
            progress: progress.clone(),
            places: Arc::clone(places),
        }
    }

    /// Attaches the body of the answer: the request stays open until that has been sent.
    pub(super) fn with_body<B>(self, body: B) -> Answer<B> {
        self.progress.lock().answer_began();
        Answer { body, _open: self }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let account = {
            let mut progress = self.progress.lock();
            progress.request_ended(Instant::now());
            progress.account.take()
        };
        if let Some(account) = account {
            self.places.ended_for(&account);
        }
    }
}

/// The body of an answer, which keeps its request open.
pub(super) struct Answer<B> {
    body: B,
    _open: OpenRequest,
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
