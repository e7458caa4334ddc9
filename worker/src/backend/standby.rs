//! What passes between the fetcher and the task that waits for it while there is nothing to do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::clock::Timestamp;
use tokio::sync::Notify;

/// What the wait has brought. A worker that stands by may be handed deliveries of one event until its next call, which says that they
/// came.
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
    /// When the last call was made, and what the shard's clock showed after that.
    called: Mutex<Option<(Instant, Timestamp)>>,
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

    /// A call that was `asked` then was answered: the shard's clock showed this time.
    pub(super) fn called(&self, asked: Instant, time: Timestamp) {
        *self.called.lock().unwrap_or_else(PoisonError::into_inner) = Some((asked, time));
    }

    /// A moment before a lease began at `at` by the shard's clock, and hardly earlier; `now` if no call was answered yet.
    pub(super) fn before(&self, at: Timestamp, now: Instant) -> Instant {
        let called = *self.called.lock().unwrap_or_else(PoisonError::into_inner);
        called.map_or(now, |(asked, time)| {
            let after = at.as_millis().saturating_sub(time.as_millis());
            (asked + Duration::from_millis(after)).min(now)
        })
    }
}

#[cfg(test)]
mod tests;
