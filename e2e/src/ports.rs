//! Loopback ports for servers that a test starts.
//!
//! They are chosen below the range that the kernel gives to outgoing connections, so that a server which is killed
//! can come back on the same port: no connection will have taken it meanwhile.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that nobody listens on at this moment.
///
/// Another test may take it before its server listens; whoever starts a server checks that the answer comes from
/// its own, and tries another port if not.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u64 = 10_000;
    const COUNT: u64 = 22_000;
    for _ in 0..1000 {
        // Each `RandomState` has keys of its own: a random number without a crate for it.
        let random = RandomState::new().hash_one(0u8);
        let port = u16::try_from(FIRST + random % COUNT).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free loopback port between {FIRST} and {}", FIRST + COUNT);
}
