//! The harness itself: what the other tests stand on.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod clerk;

mod receiver;
