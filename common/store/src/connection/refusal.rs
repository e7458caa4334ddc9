//! Which answers of a server mean that another server should be asked.

use std::time::Duration;

use redis::RedisError;

/// How long a connection bears that its server refuses calls because of what it is; so often, at most, a new one is made
/// while the server goes on like that.
const REFUSALS_FOR: Duration = Duration::from_secs(1);

/// The same while the server loads its data, which is ordinary after a start.
const LOADING_FOR: Duration = Duration::from_secs(5);

/// A server refuses a call, whatever the call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is no primary, or part of a cluster that is down: the address may lead elsewhere by now.
    NotPrimary,
    /// It loads its data.
    Loading,
}

impl Refusal {
    /// What this answer refuses, if it does. Scripts' answers begin with the same codes (Redis 7.0 to 8.0, Valkey 8 and 9).
    pub(super) fn of(error: &RedisError) -> Option<Self> {
        Self::of_code(error.code()?)
    }

    fn of_code(code: &str) -> Option<Self> {
        match code {
            "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "UNBLOCKED" => Some(Self::NotPrimary),
            "LOADING" => Some(Self::Loading),
            _ => None,
        }
    }

    /// How old a connection has to be before it is given up for this.
    pub(super) const fn is_borne_for(self) -> Duration {
        match self {
            Self::NotPrimary => REFUSALS_FOR,
            Self::Loading => LOADING_FOR,
        }
    }
}

#[cfg(test)]
mod tests;
