//! The harness of the tests: real parts, started and ended by the test that needs them.
//!
//! - [`redis_server`]: a Redis or Valkey of the test's own, that can be killed, stopped and restarted.
//! - [`fault_proxy`]: the network between a program and its server, at its worst.
//! - [`tls_proxy`]: TLS in front of a Redis that has none, with client certificates.
//! - [`receiver`]: a scripted HTTP receiver that records what it gets.
//! - [`name_server`]: a DNS server that answers as it is told.
//! - [`egress_proxy`]: a proxy that makes tunnels, as operators put before the internet.
//! - [`process`]: our real programs, with their logs.
//! - [`clerk`]: keys, session tokens of every kind, a key-set server.
//! - [`system`]: all of it together, and [`client`] to talk to it; [`state`] reads what is left in Redis, and
//!   [`redis_clock`] moves its clock.
//! - [`load`]: a caller that pushes events and repeats what was refused; [`account`]: what became of all that was accepted.
//! - [`namespaces`]: mounts and a network of a test's own, and a disk that can be filled.
//! - [`wait`]: waiting for a condition, with a deadline.
//!
//! Nothing here ships. A fault of the harness panics with a sentence that says what to do, because that is how a test
//! fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests call this crate, and a test fails by a panic"
)]

pub mod redis_server;

pub mod fault_proxy;

pub mod tls_proxy;

pub mod receiver;

pub mod name_server;

pub mod egress_proxy;

pub mod process;

pub mod clerk;

pub mod system;

pub mod client;

pub mod state;

pub mod redis_clock;

pub mod namespaces;

pub mod load;

pub mod account;

pub mod wait;

pub mod ports;

pub mod temp_dir;
