//! What becomes of a violation: what mends it without guessing, since it follows from what else is stored; or why nothing does.

use std::time::Duration;

/// What can be done about a violation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// It can be repaired.
    By(Remedy),
    /// It can't, without guessing: why, and what to do.
    Not(&'static str),
}

/// What mends a violation. Each is a script that looks again itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// What an account is charged is the sum over its unfinished events.
    AccountBytes {
        /// The account.
        account: String,
        /// What is stored; `None` for nothing.
        stored: Option<i64>,
        /// What the events add up to.
        counted: i64,
    },
    /// What an endpoint counts is the sum over its deliveries.
    EndpointCount {
        /// The endpoint.
        endpoint: String,
        /// Its account.
        account: String,
        /// `inFlight` or `queuedBytes`.
        field: &'static str,
        /// What is stored.
        stored: i64,
        /// What the deliveries add up to.
        counted: i64,
    },
    /// An endpoint's turn, timer, route and entries follow from its state and its queues.
    Endpoint {
        /// The endpoint.
        endpoint: String,
        /// Which of them.
        aspect: Aspect,
    },
    /// The index of finished events follows from the events.
    Finished {
        /// The account.
        account: String,
        /// `delivered` or `exhausted`.
        class: String,
        /// The event that has no entry.
        event: Option<String>,
    },
    /// An entry that names nothing goes.
    Member {
        /// The index.
        key: String,
        /// The entry.
        member: String,
    },
    /// A key goes at its time, or stays while it is needed (`None`).
    Lifetime {
        /// The key.
        key: String,
        /// How long it stays.
        stays: Option<Duration>,
    },
    /// What is in flight follows from the tokens.
    Shares {
        /// The name that endpoints wait for, or not.
        waited: Option<String>,
    },
    /// A delivery that has not ended waits for its turn.
    Delivery {
        /// The delivery.
        delivery: String,
    },
}

/// What of an endpoint is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Whether it is in its lane.
    Lane,
    /// Its turn there.
    Turn,
    /// When something of it is due.
    Timer,
    /// Its entry in `parked`.
    Parked,
    /// Its route.
    Route,
    /// Its entry in `failing`, which it may have from so many failures in a row on.
    Failing(i64),
}

impl Remedy {
    /// Why that is no guess.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::AccountBytes { .. } => "it is the sum over the account's unfinished events",
            Self::EndpointCount { .. } => "it is the sum over the endpoint's deliveries",
            Self::Endpoint { .. } => "it follows from the endpoint's own state and queues",
            Self::Finished { .. } => "it follows from the finished events and their list",
            Self::Member { .. } => "what it names is not there, or not of this account",
            Self::Lifetime { stays: None, .. } => "what is unfinished needs it",
            Self::Lifetime { stays: Some(_), .. } => "keys of its kind go by themselves",
            Self::Shares { .. } => "it follows from the tokens of what is in flight",
            Self::Delivery { .. } => "it has not ended, so it must be sent",
        }
    }
}
