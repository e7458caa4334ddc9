//! How far a connection is, and what that allows.

use std::time::Instant;

use super::Limits;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// For the first byte of its first request.
    New,
    /// For the first byte of another request.
    Idle,
    /// For the rest of a head.
    Head,
    /// For us: a request is being answered.
    Busy,
}

/// How far a connection is.
#[derive(Debug)]
pub(crate) struct Progress {
    phase: Phase,
    since: Instant,
    /// Since when the client takes nothing of what waits to be sent.
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

    /// Something was sent, or could not be.
    pub(crate) fn sent(&mut self, is_stalled: bool, now: Instant) {
        self.stalled = is_stalled.then(|| self.stalled.unwrap_or(now));
    }

    /// From when on the connection makes room for others; `None` while that would lose something.
    pub(crate) fn makes_room_from(&self, limits: &Limits) -> Option<Instant> {
        match self.phase {
            // Its first request may be on the way.
            Phase::New => Some(self.since + limits.grace),
            Phase::Idle => Some(self.since),
            Phase::Head | Phase::Busy => None,
        }
    }

    /// When the client's patience with us, or ours with it, ends. `None` while it is we who are waited for.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let phase = match self.phase {
            Phase::New | Phase::Head => Some(self.since + limits.head),
            Phase::Idle => Some(self.since + limits.idle),
            Phase::Busy => None,
        };
        let stall = self.stalled.map(|since| since + limits.stall);
        phase.into_iter().chain(stall).min()
    }

    /// What the connection is closed for, at its deadline.
    pub(crate) fn reason(&self) -> &'static str {
        match self.phase {
            Phase::New => "no request came",
            Phase::Idle if self.stalled.is_none() => "it was idle",
            Phase::Head => "the head of a request came too slowly",
            Phase::Idle | Phase::Busy => "the answer was not taken",
        }
    }
}

#[cfg(test)]
mod tests;
