//! The harness of the tests: real parts, started and ended by the test that needs them.
//!
//! [`redis_server::RedisServer`] is a Redis or Valkey of the test's own. Nothing here ships; a fault of the harness
//! panics with a sentence that says what to do, because that is how a test fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests call this crate, and a test fails by a panic"
)]

pub mod redis_server;

pub mod ports;

pub mod temp_dir;
