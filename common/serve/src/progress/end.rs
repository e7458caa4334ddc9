//! The end of what a client sends: it may have gone, or have closed its sending half alone, and wait for its answer.

use std::time::Instant;

use super::{Phase, Progress};

/// What the end of what a client sends is the end of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Of the connection: nobody waits for anything.
    OfAll,
    /// Of a request, which is answered, or read first.
    OfRequest,
    /// Of a request, if whoever reads its body finds it complete when they look next.
    PerhapsOfRequest,
}

impl Progress {
    /// The client sends nothing more. It may still wait for an answer if it has sent its whole request (which shows once it is read), and
    /// we haven't said all that we have to say. A stream has nothing to say at the moment, and whoever reads one keeps both halves open.
    pub(crate) fn half_closed(&mut self, now: Instant) -> End {
        if self.phase != Phase::Busy || self.is_answering && self.sending.is_none() {
            End::OfAll
        } else if !self.has_more || self.body.is_none() {
            // Until somebody asks for the body, nobody knows whether all of it has come: the caller may still be verified.
            self.half_closed.get_or_insert(now);
            End::OfRequest
        } else if std::mem::replace(&mut self.ended_in_body, true) {
            End::OfAll
        } else {
            End::PerhapsOfRequest
        }
    }
}
