//! Whether the program has been asked to stop, for `/readyz`: what is in front of it should send requests elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};

/// Says so once, and for good.
#[derive(Debug, Default)]
pub struct Stopping(AtomicBool);

impl Stopping {
    /// It has been asked to stop.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Why the program isn't ready on that account.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        self.0
            .load(Ordering::Relaxed)
            .then_some("the program is stopping: send requests to another one")
    }
}
