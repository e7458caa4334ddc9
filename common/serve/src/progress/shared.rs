//! The lock behind which the parts of a connection share its progress.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Progress;

/// The progress of a connection, for its socket, its requests, its watchdog and the list of places. One task polls them all but the
/// last.
#[derive(Debug, Clone)]
pub(crate) struct SharedProgress(Arc<Mutex<Progress>>);

impl SharedProgress {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Progress::new(Instant::now()))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
