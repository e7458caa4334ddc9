//! What a client can make a server hold, and for how long.

use std::time::Duration;

use hyper::header::HeaderValue;

/// How much earlier than we do a client is told to close an idle connection, in seconds.
const TOLD_EARLIER: u64 = 5;

/// What a client can make a server hold, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// How long a client may take for the head of a request once it has begun it, and to begin the first one once it has
    /// connected.
    pub head: Duration,
    /// How many of the connections are kept for requests with a service key.
    pub kept: usize,
    /// How many requests may be open for one account.
    pub per_account: usize,
    /// How long a connection may say nothing, send the head of a request, or be slow with a body or an answer before it makes room
    /// for others. While the server stops: until the first request has to begin.
    pub grace: Duration,
    /// How fast a client has to send a body or take an answer so that it doesn't make room for others, in bytes a second.
    pub pace: u64,
    /// How long a connection may be idle between two requests.
    pub idle: Duration,
    /// How long a client may take nothing of an answer that is ready for it; or wait for one after it has said that it sends nothing
    /// more, which is longer than any call takes.
    pub stall: Duration,
    /// How long open requests may go on after the server was told to stop.
    pub drain: Duration,
}

impl Limits {
    /// The usual limits, for this many connections. Idle ones are kept for longer than load balancers usually keep theirs
    /// (60 s), so that it is always the load balancer that closes: a request can't meet a connection that we are closing.
    #[must_use]
    pub const fn usual(connections: usize) -> Self {
        Self {
            connections,
            kept: 0,
            per_account: connections,
            pace: 64 << 10,
            head: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }

    /// What clients are told in `Keep-Alive`: to close idle connections themselves, a little before we do, since a request that meets
    /// our close is lost. `None` if there is no time to speak of.
    pub(crate) fn keep_alive(&self) -> Option<HeaderValue> {
        let idle = self.idle.as_secs();
        let told = idle.saturating_sub(TOLD_EARLIER).max(idle / 2);
        (told > 0)
            .then(|| HeaderValue::from_str(&format!("timeout={told}")).ok())
            .flatten()
    }

    /// The same, with one of eight places kept for requests with a service key, and one account bound to as many, but to 16 at
    /// least if that isn't over half of all.
    #[must_use]
    pub const fn shared_by_accounts(self) -> Self {
        let share = self.connections / 8;
        let least = if self.connections / 2 < 16 {
            self.connections / 2 + 1
        } else {
            16
        };
        Self {
            kept: share,
            per_account: if share > least { share } else { least },
            ..self
        }
    }
}
