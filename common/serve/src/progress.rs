//! How far a connection is, and how long it may stay that way. Pure, but for the lock that its users share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Limits;

/// What we wait for on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first byte of its first request.
    New,
    /// The first byte of another request.
    Idle,
    /// The rest of a head.
    Head,
    /// Nothing: it is the client who waits for our answer.
    Busy,
}

/// How far a connection is.
#[derive(Debug)]
pub(crate) struct Progress {
    phase: Phase,
    since: Instant,
    /// Since when the client has taken nothing of what waits to be sent.
    stalled: Option<Instant>,
}

impl Progress {
    /// A connection that was just made.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            phase: Phase::New,
            since: now,
            stalled: None,
        }
    }

    /// The client sent something.
    pub(crate) fn received(&mut self, now: Instant) {
        if matches!(self.phase, Phase::New | Phase::Idle) {
            (self.phase, self.since) = (Phase::Head, now);
        }
    }

    /// The head of a request is complete.
    pub(crate) fn request_began(&mut self) {
        self.phase = Phase::Busy;
    }

    /// The answer is complete.
    pub(crate) fn request_ended(&mut self, now: Instant) {
        (self.phase, self.since) = (Phase::Idle, now);
    }

    /// We tried to send something; `is_stalled` if the client took none of it.
    pub(crate) fn sent(&mut self, is_stalled: bool, now: Instant) {
        self.stalled = is_stalled.then(|| self.stalled.unwrap_or(now));
    }

    /// From when on the connection may be closed to make room for others; `None` while that would lose something.
    pub(crate) fn makes_room_from(&self, limits: &Limits) -> Option<Instant> {
        match self.phase {
            // Its first request may be on its way.
            Phase::New => Some(self.since + limits.grace),
            Phase::Idle => Some(self.since),
            Phase::Head | Phase::Busy => None,
        }
    }

    /// When the connection will have waited for the client for too long; `None` while the client waits for us.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let phase = match self.phase {
            Phase::New | Phase::Head => Some(self.since + limits.head),
            Phase::Idle => Some(self.since + limits.idle),
            Phase::Busy => None,
        };
        let stall = self.stalled.map(|since| since + limits.stall);
        phase.into_iter().chain(stall).min()
    }

    /// Why the connection is closed at its deadline.
    pub(crate) fn reason(&self) -> &'static str {
        match self.phase {
            Phase::New => "no request came",
            Phase::Idle if self.stalled.is_none() => "it was idle",
            Phase::Head => "the head of a request came too slowly",
            Phase::Idle | Phase::Busy => "the answer was not taken",
        }
    }
}

/// The progress of a connection, for its socket, its requests and its watchdog. One task polls them all.
#[derive(Debug, Clone)]
pub(crate) struct SharedProgress(Arc<Mutex<Progress>>);

impl SharedProgress {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Progress::new(Instant::now()))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
