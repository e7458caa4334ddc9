//! How far a connection is, for how long it may stay so, and since when others could use its place. Pure; `shared` has its users' lock.

mod end;

mod reason;

mod shared;

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

pub(crate) use end::End;
pub(crate) use shared::SharedProgress;

use super::limits::Limits;
use super::pace::Pace;

/// How long a connection that was told to leave may take for a last answer.
const LEAVING: Duration = Duration::from_millis(250);

/// How long we go on reading, and throw away what comes, after the last answer: if we closed before, the client might lose it.
const LINGERING: Duration = Duration::from_secs(2);

/// What we wait for on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first byte of its first request.
    New,
    /// The first byte of another request.
    Idle,
    /// The rest of a head.
    Head,
    /// The rest of a body if `body` is set, else nothing: it is the client who waits for our answer.
    Busy,
    /// The client's end: it has our last answer, and may still be sending.
    Lingering,
}

/// How far a connection is.
#[derive(Debug)]
pub(crate) struct Progress {
    phase: Phase,
    since: Instant,
    /// How the body comes, while somebody reads it.
    body: Option<Pace>,
    /// Whether the last request had a body of which more may come.
    has_more: bool,
    /// Whether the answer to the open request has begun.
    is_answering: bool,
    /// Whether the client's end came while more of the body was to come, as far as was known.
    ended_in_body: bool,
    /// Since when the client sends nothing more, while it waits for an answer.
    half_closed: Option<Instant>,
    /// How the client takes what waits to be sent.
    sending: Option<Pace>,
    /// Since when the client has taken nothing of that.
    stalled: Option<Instant>,
    /// Since when the connection has been told to leave.
    told: Option<Instant>,
    /// Whether the server stops.
    is_stopping: bool,
    /// Its latest request had a service key.
    pub(crate) is_backend: bool,
    /// It has one of the places that are kept for such requests.
    pub(crate) is_on_kept_place: bool,
    /// Whom its open request is for.
    pub(crate) account: Option<Arc<str>>,
    /// Wakes the connection's task.
    waker: Option<Waker>,
}

impl Progress {
    /// A connection that was just made.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            phase: Phase::New,
            since: now,
            body: None,
            has_more: false,
            is_answering: false,
            ended_in_body: false,
            half_closed: None,
            sending: None,
            stalled: None,
            told: None,
            is_stopping: false,
            is_backend: false,
            is_on_kept_place: false,
            account: None,
            waker: None,
        }
    }

    /// The client sent something.
    pub(crate) fn received(&mut self, now: Instant) {
        // What follows a request that we refused early is the rest of its body.
        if matches!(self.phase, Phase::New | Phase::Idle) && !self.has_more {
            (self.phase, self.since) = (Phase::Head, now);
        }
    }

    /// The head of a request is complete; `has_body` if more belongs to it.
    pub(crate) const fn request_began(&mut self, has_body: bool) {
        self.phase = Phase::Busy;
        self.body = None;
        self.has_more = has_body;
        self.is_answering = false;
        self.ended_in_body = false;
        // Until the handler says so again: behind a proxy, requests of all kinds come on one connection.
        self.is_backend = false;
    }

    /// The answer begins.
    pub(crate) const fn answer_began(&mut self) {
        self.is_answering = true;
    }

    /// Somebody waits for the body.
    pub(crate) fn body_awaited(&mut self, now: Instant) {
        self.body.get_or_insert_with(|| Pace::new(now));
    }

    /// A part of the body came.
    pub(crate) const fn body_came(&mut self, bytes: usize) {
        if let Some(pace) = &mut self.body {
            pace.went(bytes);
        }
    }

    /// Nobody waits for the body any more; `is_complete` if all of it came.
    pub(crate) const fn body_ended(&mut self, is_complete: bool) {
        self.body = None;
        self.has_more = self.has_more && !is_complete;
    }

    /// The answer is complete.
    pub(crate) fn request_ended(&mut self, now: Instant) {
        (self.phase, self.since) = (Phase::Idle, now);
        self.body = None;
        if self.half_closed.take().is_some()
            && let Some(waker) = self.waker.take()
        {
            // hyper has to read the end that was kept from it.
            waker.wake();
        }
    }

    /// We tried to send something, and the client took so many bytes; `None` if it took none yet.
    pub(crate) fn sent(&mut self, taken: Option<usize>, now: Instant) {
        match (taken, &mut self.sending) {
            (None, sending) => {
                self.stalled.get_or_insert(now);
                sending.get_or_insert_with(|| Pace::new(now));
            }
            (Some(bytes), sending) => {
                self.stalled = None;
                if let Some(pace) = sending {
                    pace.went(bytes);
                }
            }
        }
    }

    /// Nothing waits to be sent.
    pub(crate) const fn all_sent(&mut self) {
        (self.stalled, self.sending) = (None, None);
    }

    /// We have said our last, and close. `true` if the client may still be sending, so that somebody has to read on.
    pub(crate) fn closing(&mut self, now: Instant) -> bool {
        let may_send = self.has_more || matches!(self.phase, Phase::Head | Phase::Busy | Phase::Lingering);
        if may_send && self.phase != Phase::Lingering {
            (self.phase, self.since) = (Phase::Lingering, now);
        }
        may_send
    }

    /// From when on the connection may have to leave to make room for others: from then on it waits for its client, which is idle,
    /// or slower than a client has to be. `None` while the client waits for us, or when it was told already.
    pub(crate) fn makes_room_from(&self, limits: &Limits) -> Option<Instant> {
        if self.told.is_some() {
            return None;
        }
        let behind = |pace: &Pace| pace.behind_from(limits.grace, limits.pace);
        match self.phase {
            // Its request may be on its way.
            Phase::New | Phase::Head => Some(self.since + limits.grace),
            Phase::Idle if self.sending.is_none() && !self.has_more => Some(self.since),
            Phase::Idle => Some(self.sending.as_ref().map_or(self.since + limits.grace, behind)),
            Phase::Busy => {
                let slow = self.body.iter().chain(&self.sending).map(behind);
                slow.chain(self.half_closed).min()
            }
            Phase::Lingering => Some(self.since),
        }
    }

    /// Tells the connection to leave.
    pub(crate) fn tell_to_leave(&mut self, now: Instant) {
        self.told.get_or_insert(now);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Whether it was told to leave.
    pub(crate) const fn is_leaving(&self) -> bool {
        self.told.is_some()
    }

    /// The server stops. Returns whether the connection has to end; if not, its first request may be on its way.
    pub(crate) fn stop(&mut self) -> bool {
        self.is_stopping = true;
        self.phase != Phase::New
    }

    /// Whom to wake when the connection is told to leave.
    pub(crate) fn wake(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            unknown @ None => *unknown = Some(waker.clone()),
        }
    }

    /// When the connection will have waited for the client for too long; `None` while the client waits for us.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let phase = match self.phase {
            Phase::New if self.is_stopping => Some(self.since + limits.grace),
            Phase::New | Phase::Head => Some(self.since + limits.head),
            Phase::Idle => Some(self.since + limits.idle),
            // Whoever takes what we send is there.
            Phase::Busy if self.is_answering => None,
            // It may have closed its sending half alone, or be gone.
            Phase::Busy => self.half_closed.map(|since| since + limits.stall),
            Phase::Lingering => Some(self.since + LINGERING),
        };
        let stall = self.stalled.map(|since| since + limits.stall);
        let leaving = self.told.map(|told| match self.phase {
            // There is nobody to say something to.
            Phase::Head => told,
            _ if self.stalled.is_some() => told,
            _ => told + LEAVING,
        });
        phase.into_iter().chain(stall).chain(leaving).min()
    }
}

#[cfg(test)]
mod tests;
