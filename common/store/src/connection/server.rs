//! How a server is connected to, but for its address: login, and certificates, which may be renewed while the program runs. Connections that
//! are open go on as they are.

use std::sync::{Arc, Mutex, PoisonError};

use redis::ConnectionInfo;

/// What is asked for at the next connection.
pub(super) struct Server(Mutex<Arc<ConnectionInfo>>);

impl Server {
    pub(super) fn new(info: ConnectionInfo) -> Self {
        Self(Mutex::new(Arc::new(info)))
    }

    pub(super) fn get(&self) -> Arc<ConnectionInfo> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on it is as `other` has it.
    pub(super) fn renew(&self, other: &Self) {
        let anew = other.get();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = anew;
    }
}
