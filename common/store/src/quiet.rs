//! Whether nothing happens in a shard, so that whoever looks again and again may look less often.
//!
//! A store has many shards, and most are idle at any moment. So one look serves several purposes: the watch's. It asks whether
//! anything waits, is in flight or is due (`store_watch`); while nothing does, the shard is *quiet*, and fetcher, upkeep, packing and the watch
//! itself rest for longer. That ends with the first sign of something: a wake token, a look that finds something, a call that fails.
//!
//! A store of one shard is never quiet: what one costs is little, and there it stays as soon as it always was.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::Store;

/// How long one wait for something to come lasts, for the only shard and for one of many. Asking again after it also shows whether the
/// connection still works.
const WAIT: Duration = Duration::from_secs(5);
const LONG_WAIT: Duration = Duration::from_secs(20);

/// What is known of a shard's quiet.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    /// When the look was begun that last found nothing to do; `None` since there was a sign of something.
    since: watch::Sender<Option<Instant>>,
    /// How often there was a sign of something.
    stirs: AtomicU64,
    /// A look has got no answer.
    lost: Notify,
}

/// A look that is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    began: Instant,
    stirs: u64,
}

impl Quiet {
    /// Something happens in the shard.
    pub(crate) fn stir(&self) {
        self.stirs.fetch_add(1, Ordering::AcqRel);
        if self.since.borrow().is_some() {
            self.since.send_replace(None);
        }
    }

    /// A look begins.
    pub(crate) fn look(&self) -> Look {
        Look {
            stirs: self.stirs.load(Ordering::Acquire),
            began: Instant::now(),
        }
    }

    /// A look has ended, which found something to do or nothing. What has happened in the meantime counts more.
    pub(crate) fn seen(&self, look: Look, is_quiet: bool) {
        if !is_quiet {
            return self.stir();
        }
        self.since.send_if_modified(|since| {
            let is_newest = self.stirs.load(Ordering::Acquire) == look.stirs;
            if is_newest {
                *since = Some(look.began);
            }
            is_newest
        });
    }

    /// A look got no answer: whoever waits for something there waits in vain.
    pub(crate) fn is_lost(&self) {
        self.stir();
        self.lost.notify_waiters();
    }

    /// Waits until a look gets no answer.
    pub(crate) async fn lost(&self) {
        self.lost.notified().await;
    }

    async fn ends(&self) {
        // The sender is here, so there is no error.
        self.since.subscribe().wait_for(Option::is_none).await.ok();
    }
}

impl Store {
    /// When nothing happened in the shard, as far as is known now: then nothing waited there, was in flight or was due. `None`
    /// when something may have happened since, and always for the only shard.
    #[must_use]
    pub fn quiet_since(&self) -> Option<Instant> {
        *self.quiet().since.borrow()
    }

    /// Waits until something may happen in the shard; no time at all if it does.
    pub async fn quiet_ends(&self) {
        self.quiet().ends().await;
    }

    /// How long one wait for something to come may last. Where a look notices that nothing can come any more, it ends then.
    #[must_use]
    pub fn waits_for(&self) -> Duration {
        if self.shard().has_others() {
            LONG_WAIT
        } else {
            WAIT
        }
    }

    /// Rests for the `usual` time; for up to so long `while_quiet`.
    pub async fn rest(&self, usual: Duration, while_quiet: Duration) {
        tokio::time::sleep(usual).await;
        let rest = while_quiet.saturating_sub(usual);
        // That it never ended is as good.
        tokio::time::timeout(rest, self.quiet_ends()).await.ok();
    }
}

#[cfg(test)]
mod tests;
