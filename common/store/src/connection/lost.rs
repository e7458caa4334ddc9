//! Why it isn't known where to connect.

use redis::RedisError;

use super::fault;

/// Why no server is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// All have answered, and none knows one: the settings are wrong.
    Nowhere(String),
    /// Some don't answer, or only those that have missed a failover: that may end.
    Meanwhile(String),
}

impl From<Lost> for RedisError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Nowhere(reason) => fault(format!("REDIS_URL: {reason}")),
            Lost::Meanwhile(reason) => fault(reason),
        }
    }
}
