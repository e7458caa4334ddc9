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
