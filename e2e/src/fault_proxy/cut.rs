//! Which request the proxy cuts, and whether the server runs it first.

use super::frames::command;

/// The command with which the store runs Lua: as a script, or as a function that Redis keeps.
pub const SCRIPT: &str = "EVALSHA|FCALL";

/// Cuts the connection of one request.
#[derive(Debug, Clone)]
pub struct Cut {
    command: Option<&'static str>,
    after: usize,
    repeat: bool,
    executed: bool,
}

impl Cut {
    /// Lets the server run the next request of this command (or of one of several, between `|`), and cuts when its answer begins to come back: the answer is lost.
    #[must_use]
    pub const fn answer_of(command: &'static str) -> Self {
        Self {
            command: Some(command),
            after: 1,
            repeat: false,
            executed: true,
        }
    }

    /// Cuts in the middle of the next request of this command, so that the server never gets all of it.
    #[must_use]
    pub const fn request_of(command: &'static str) -> Self {
        Self {
            executed: false,
            ..Self::answer_of(command)
        }
    }

    /// Takes requests of any command.
    #[must_use]
    pub const fn any(mut self) -> Self {
        self.command = None;
        self
    }

    /// Cuts at the `nth` such request, counted from 1 over all connections.
    #[must_use]
    pub const fn nth(mut self, nth: usize) -> Self {
        self.after = nth;
        self
    }

    /// Cuts again and again, at each `nth` such request.
    #[must_use]
    pub const fn every(mut self, nth: usize) -> Self {
        self.after = nth;
        self.repeat = true;
        self
    }
}

/// The cut that a test asked for, and how many matching requests have come since the last one.
#[derive(Debug)]
pub(super) struct Wanted {
    cut: Cut,
    seen: usize,
}

impl Wanted {
    pub(super) const fn new(cut: Cut) -> Self {
        Self { cut, seen: 0 }
    }

    /// Counts a request, and says whether to cut it.
    pub(super) fn is_due(&mut self, request: &[u8]) -> Option<Due> {
        let is_wanted = |names: &str| names.split('|').any(|name| name == command(request));
        if !self.cut.command.is_none_or(is_wanted) {
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

    /// Whether the test asked for one cut only.
    pub(super) const fn is_done(&self) -> bool {
        !self.cut.repeat
    }
}

/// Where the proxy cuts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The server runs it, and its answer is lost.
    AfterItRan,
    /// The server gets half of it.
    InItsMiddle,
}
