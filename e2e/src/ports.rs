//! Loopback ports for servers that a test starts.
//!
//! They lie below the range from which the kernel takes ports for outgoing connections, so that a killed server can come
//! back on its port: no connection has taken it meanwhile. A port belongs to the test's process until that ends, even if
//! nothing listens: tests that run side by side never get the same one.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

/// Returns a loopback port that nobody listens on, and that no other test gets while this process runs.
#[must_use]
pub fn free_port() -> u16 {
    /// The lock files of this process's ports: the kernel releases them when it ends.
    static OURS: Mutex<Vec<File>> = Mutex::new(Vec::new());
    const FIRST: u64 = 20_000;
    const COUNT: u64 = 8_000;
    let locks = std::env::temp_dir().join("webhooks-ports");
    std::fs::create_dir_all(&locks).unwrap();
    for _ in 0..1000 {
        // Each `RandomState` has keys of its own: a random number without a crate for it.
        let random = RandomState::new().hash_one(0u8);
        let port = u16::try_from(FIRST + random % COUNT).unwrap();
        let lock = File::options()
            .create(true)
            .append(true)
            .open(locks.join(port.to_string()))
            .unwrap();
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            OURS.lock().unwrap().push(lock);
            return port;
        }
    }
    panic!("no free loopback port between {FIRST} and {}", FIRST + COUNT);
}
