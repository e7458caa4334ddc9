//! What passes between the fetcher and the task that waits for it while there is nothing to do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// What the wait has brought. A worker that stands by may be handed a delivery, one until its next call, which says that it came.
#[derive(Debug, Default)]
pub(crate) struct Standby {
    /// Notified when there may be something to fetch.
    pub(super) woken: Notify,
    /// After which call the last one was handed that came; 0: none has come.
    came: AtomicU64,
    /// Whether a wait was broken off, and no call has said so yet.
    missed: AtomicBool,
    /// Notified when a call has.
    told: Notify,
}

impl Standby {
    /// What was handed after a call has come.
    pub(super) fn note_handed(&self, after: u64) {
        self.came.store(after, Ordering::SeqCst);
    }

    /// After which call the last one was handed that came.
    pub(super) fn came(&self) -> u64 {
        self.came.load(Ordering::SeqCst)
    }

    /// A wait was broken off: what it brought may be lost. Returns when a call has said so.
    pub(super) async fn break_off(&self) {
        self.missed.store(true, Ordering::SeqCst);
        self.woken.notify_one();
        self.told.notified().await;
    }

    /// Whether a wait was broken off.
    pub(super) fn has_missed(&self) -> bool {
        self.missed.load(Ordering::SeqCst)
    }

    /// A call has said that a wait was broken off.
    pub(super) fn has_told(&self) {
        if self.missed.swap(false, Ordering::SeqCst) {
            self.told.notify_one();
        }
    }
}
