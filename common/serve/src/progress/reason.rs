//! Why a connection is closed.

use super::{Phase, Progress};

impl Progress {
    /// Why the connection is closed at its deadline.
    pub(crate) const fn reason(&self) -> &'static str {
        match self.phase {
            _ if self.told.is_some() => "it makes room for another",
            Phase::New => "no request came",
            Phase::Idle if self.stalled.is_none() => "it was idle",
            Phase::Head => "the head of a request came too slowly",
            Phase::Busy if self.half_closed.is_some() && self.stalled.is_none() => {
                "the client seems to have gone"
            }
            Phase::Idle | Phase::Busy => "the answer was not taken",
            Phase::Lingering => "the client did not stop sending",
        }
    }
}
