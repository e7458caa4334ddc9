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
mod tests {
    use redis::{Value, parse_redis_value};

    use super::*;
    use crate::StoreError;

    fn answered(line: &str) -> RedisError {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap() {
            Value::ServerError(error) => error.into(),
            other => panic!("not an error: {other:?}"),
        }
    }

    #[test]
    fn a_server_that_is_no_primary_is_known_by_its_answers() {
        for (line, refusal) in [
            (
                "READONLY You can't write against a read only replica.",
                Some(Refusal::NotPrimary),
            ),
            (
                "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
                Some(Refusal::NotPrimary),
            ),
            (
                "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
                Some(Refusal::NotPrimary),
            ),
            ("CLUSTERDOWN The cluster is down", Some(Refusal::NotPrimary)),
            (
                "LOADING Redis is loading the dataset in memory",
                Some(Refusal::Loading),
            ),
            ("MISCONF Errors writing to the AOF file: No space left", None),
            ("NOREPLICAS Not enough good replicas to write.", None),
        ] {
            let error = answered(line);
            assert_eq!(Refusal::of(&error), refusal, "{line}");
            assert!(
                matches!(StoreError::from(error), StoreError::Unavailable(_)),
                "{line}"
            );
        }
        let wrong_type = answered("WRONGTYPE Operation against a key holding the wrong kind of value");
        assert_eq!(Refusal::of(&wrong_type), None);
        assert!(matches!(StoreError::from(wrong_type), StoreError::Unexpected(_)));
    }
}
