//! Why a part of the store isn't there yet, for `/readyz`.

use std::sync::{Mutex, PoisonError};

/// Why something isn't there yet.
#[derive(Debug)]
pub(super) struct WaitingFor(Mutex<String>);

impl Default for WaitingFor {
    fn default() -> Self {
        Self(Mutex::new("Redis has not been reached yet".to_owned()))
    }
}

impl WaitingFor {
    /// What it is now.
    pub(super) fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on it is this.
    pub(super) fn set(&self, reason: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}
