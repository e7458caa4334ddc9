//! Tests of the harness itself.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod clerk;

mod distance;

mod receiver;
