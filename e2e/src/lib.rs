//! The harness: real servers, programs and receivers, which each test starts and ends for itself.
//!
//! - [`redis_server`]: a Redis or Valkey of the test's own, that can be killed, stopped and restarted.
//! - [`sentinels`]: real sentinels, which watch such a server and its replicas.
//! - [`cluster`]: a real Redis Cluster of six such servers.
//! - [`fault_proxy`]: a network that delays, freezes and cuts connections.
//! - [`distance`]: a server that is far away.
//! - [`tls_proxy`]: TLS in front of a Redis that has none, with client certificates.
//! - [`crowd`]: clients that take a server's places.
//! - [`receiver`]: a scripted HTTP receiver that records what it gets.
//! - [`name_server`]: a scripted DNS server.
//! - [`egress_proxy`]: a proxy that opens tunnels to the internet.
//! - [`process`]: our real programs, with their logs.
//! - [`clerk`]: keys, session tokens of every kind, a key-set server.
//! - [`system`]: all of it together, and [`client`] to call its API; [`state`] reads what is left in Redis, and
//!   [`redis_clock`] moves the clock that the scripts read.
//! - [`otlp`]: reads what our programs tell of traces.
//! - [`load`] pushes events, and repeats those that were refused; [`account`] finds out what became of each.
//! - [`namespaces`]: mounts and a network that only one test sees, and a disk that can be filled.
//! - [`thorough`]: how often a test repeats what it does.
//! - [`wait`] waits for a condition, with a deadline.
//! - [`workspace`]: the sources, and what is installed for tests.
//!
//! Nothing here ships. When the harness fails, it panics with a sentence that says what to do: that is how a test fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests call this crate, and a test fails by a panic"
)]

pub mod redis_server;

pub mod sentinels;

pub mod cluster;

pub mod fault_proxy;

pub mod distance;

pub mod tls_proxy;

pub mod crowd;

pub mod receiver;

pub mod name_server;

pub mod egress_proxy;

pub mod process;

pub mod clerk;

pub mod system;

pub mod client;

pub mod listing;

pub mod state;

pub mod before;

pub mod redis_clock;

pub mod namespaces;

pub mod network;

pub mod otlp;

pub mod load;

pub mod account;

pub mod wait;

pub mod ports;

pub mod temp_dir;

pub mod thorough;

pub mod workspace;
