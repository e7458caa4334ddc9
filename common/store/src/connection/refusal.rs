//! Answers that mean: ask another server.

use std::time::Duration;

use redis::RedisError;

/// How long a connection puts up with a server that is no primary. While the server goes on like that, we open a new
/// connection this often at most.
const REFUSALS_FOR: Duration = Duration::from_secs(1);

/// The same while the server loads its data, which is ordinary after a start.
const LOADING_FOR: Duration = Duration::from_secs(5);

/// A server refuses every call, whatever the call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is no primary, or part of a cluster that is down: the address may lead elsewhere by now.
    NotPrimary,
    /// It loads its data.
    Loading,
    /// Another node of the cluster serves the slot, and it says which.
    Moved,
}

impl Refusal {
    /// The refusal that an answer is, if it is one. Scripts' answers begin with the same codes (Redis 7.0 to 8.0, Valkey 8
    /// and 9).
    pub(super) fn of(error: &RedisError) -> Option<Self> {
        Self::of_code(error.code()?)
    }

    fn of_code(code: &str) -> Option<Self> {
        match code {
            "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "UNBLOCKED" => Some(Self::NotPrimary),
            "LOADING" => Some(Self::Loading),
            "MOVED" => Some(Self::Moved),
            _ => None,
        }
    }

    /// How old a connection has to be before we give it up for this.
    pub(super) const fn is_borne_for(self) -> Duration {
        match self {
            Self::NotPrimary => REFUSALS_FOR,
            Self::Loading => LOADING_FOR,
            Self::Moved => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests;
