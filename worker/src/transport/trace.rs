//! What an attempt leaves behind, however it ends: where its time went (name lookup, TCP, TLS, the wait for the head of
//! the answer), and how often its request was sent again.

use std::time::Instant;

use store::queue::Phases;

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A new connection is begun.
    Connect,
    /// The look-up of the host name begins. Literal addresses have none.
    Lookup,
    /// The name has addresses, and all of them may be connected to.
    Resolved,
    /// The TLS handshake begins.
    Handshake,
    /// The connection is there, or failed.
    Connected,
    /// The head of the answer is there.
    Answered,
}

/// The trace of one attempt. If its request is sent again, its connection is the last one.
#[derive(Debug)]
pub(crate) struct Trace {
    began: Instant,
    at: [Option<Instant>; 6],
    sent_again: u32,
}

impl Trace {
    /// The trace of an attempt that begins now.
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            at: [None; 6],
            sent_again: 0,
        }
    }

    /// When the attempt began.
    pub(crate) const fn began(&self) -> Instant {
        self.began
    }

    /// Whether a connection was made for the last request, or at least begun.
    pub(crate) const fn has_connected(&self) -> bool {
        self.at[Mark::Connect as usize].is_some()
    }

    /// Notes that the attempt got this far.
    pub(super) fn mark(&mut self, reached: Mark) {
        if reached == Mark::Connect {
            self.at = [None; 6];
        }
        self.at[reached as usize] = Some(Instant::now());
    }

    /// Notes that the request is sent again.
    pub(super) const fn again(&mut self) {
        self.sent_again += 1;
    }

    /// The phases of the attempt, which has ended now. A phase that was under way lasted till then.
    pub(crate) fn phases(&self) -> Phases {
        self.phases_until(Instant::now())
    }

    fn phases_until(&self, ended: Instant) -> Phases {
        let [connect, lookup, resolved, handshake, connected, answered] = self.at;
        let spent = |from: Option<Instant>, ends: &[Option<Instant>]| {
            let end = ends.iter().copied().flatten().next().unwrap_or(ended);
            from.map(|from| end.saturating_duration_since(from))
        };
        let dialing = if lookup.is_some() { resolved } else { connect };
        Phases {
            dns: spent(lookup, &[resolved, connected]),
            connect: spent(dialing, &[handshake, connected]),
            tls: spent(handshake, &[connected]),
            first_byte: answered.map(|at| at.saturating_duration_since(self.began)),
            sent_again: self.sent_again,
        }
    }
}

#[cfg(test)]
mod tests;
