//! Loopback ports for servers that a test starts.
//!
//! They lie below the range from which the kernel takes ports for outgoing connections, so that a killed server can come
//! back on its port: no connection has taken it meanwhile. A port belongs to the test's process until that ends, even if
//! nothing listens: tests that run side by side never get the same one.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Mutex;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

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

/// An address where nobody answers: whoever connects there waits. Its line of connections that nobody has taken yet is full, so the kernel
/// drops what begins another one.
#[derive(Debug)]
pub struct NobodyAnswers {
    _listener: tokio::net::TcpListener,
    _waiting: Vec<TcpStream>,
}

impl NobodyAnswers {
    /// Nobody answers there until this is dropped.
    ///
    /// # Panics
    ///
    /// When it is taken, or its line doesn't get full.
    pub async fn at(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut waiting = Vec::new();
        while let Ok(connected) = timeout(Duration::from_millis(500), TcpStream::connect(address)).await {
            waiting.push(connected.unwrap());
            assert!(waiting.len() < 64, "the line doesn't get full");
        }
        Self {
            _listener: listener,
            _waiting: waiting,
        }
    }
}
