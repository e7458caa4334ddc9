//! Where a connection is to be cut.

use super::frames::command;

/// A cut of one connection, at one request.
#[derive(Debug, Clone)]
pub struct Cut {
    command: Option<&'static str>,
    after: usize,
    repeat: bool,
    executed: bool,
}

impl Cut {
    /// After the next request of this command was executed, when its answer has begun to come back: the answer is lost.
    #[must_use]
    pub const fn answer_of(command: &'static str) -> Self {
        Self {
            command: Some(command),
            after: 1,
            repeat: false,
            executed: true,
        }
    }

    /// In the middle of the next request of this command, which the server then never gets as a whole.
    #[must_use]
    pub const fn request_of(command: &'static str) -> Self {
        Self {
            executed: false,
            ..Self::answer_of(command)
        }
    }

    /// Whatever the command is.
    #[must_use]
    pub const fn any(mut self) -> Self {
        self.command = None;
        self
    }

    /// At the `nth` such request, counted from 1 over all connections.
    #[must_use]
    pub const fn nth(mut self, nth: usize) -> Self {
        self.after = nth;
        self
    }

    /// Again and again, at each `nth` such request.
    #[must_use]
    pub const fn every(mut self, nth: usize) -> Self {
        self.after = nth;
        self.repeat = true;
        self
    }
}

/// The cut that was asked for, and how many requests of its kind have come.
#[derive(Debug)]
pub(super) struct Wanted {
    cut: Cut,
    seen: usize,
}

impl Wanted {
    pub(super) const fn new(cut: Cut) -> Self {
        Self { cut, seen: 0 }
    }

    /// Whether this request is the one to cut.
    pub(super) fn is_due(&mut self, request: &[u8]) -> Option<Due> {
        if self.cut.command.is_some_and(|name| name != command(request)) {
            return None;
        }
        self.seen += 1;
        if self.seen < self.cut.after {
            return None;
        }
        self.seen = 0;
        Some(if self.cut.executed {
            Due::AfterItRan
        } else {
            Due::InItsMiddle
        })
    }

    /// Whether one cut is all.
    pub(super) const fn is_done(&self) -> bool {
        !self.cut.repeat
    }
}

/// When a request is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The server runs it, and its answer is lost.
    AfterItRan,
    /// The server gets half of it.
    InItsMiddle,
}
