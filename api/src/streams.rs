//! How many live streams may be open: [`MOST_OF_ACCOUNT`] for an account's people, as many for its keys and for the backend in its name,
//! and [`MOST`] in all. Each holds a connection to Redis, so a stream gives its place back as soon as it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::access::Share;
use crate::metrics::Metrics;

/// The most streams of one account in this process.
pub const MOST_OF_ACCOUNT: usize = 10;

/// The most streams in this process.
pub const MOST: usize = 200;

/// The open streams of this process.
#[derive(Debug)]
pub struct Streams {
    open: Mutex<HashMap<Share, usize>>,
    stopping: watch::Sender<bool>,
    metrics: Metrics,
}

/// Why another stream can't be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// The account has as many open as it may.
    #[error("this account has {MOST_OF_ACCOUNT} streams open, which is the most that it may have")]
    Account,
    /// The process has as many open as it may.
    #[error("this server has {MOST} streams open, which is the most that it sends")]
    Process,
}

/// The right to keep one stream open. Dropping it gives the place back.
#[derive(Debug)]
pub struct Place {
    streams: Arc<Streams>,
    share: Share,
}

impl Streams {
    /// No streams yet. `metrics` always shows how many are open.
    #[must_use]
    pub fn new(metrics: Metrics) -> Self {
        Self {
            open: Mutex::default(),
            stopping: watch::Sender::default(),
            metrics,
        }
    }

    /// Takes a place for a stream of this share.
    ///
    /// # Errors
    ///
    /// [`NoPlace`] when as many are open as may be.
    pub fn take(self: &Arc<Self>, share: &Share) -> Result<Place, NoPlace> {
        let mut open = self.lock();
        let all: usize = open.values().sum();
        let own = open.get(share).copied().unwrap_or(0);
        if own >= MOST_OF_ACCOUNT {
            return Err(NoPlace::Account);
        }
        if all >= MOST {
            return Err(NoPlace::Process);
        }
        open.insert(share.clone(), own + 1);
        self.metrics.streams_open(all + 1);
        Ok(Place {
            streams: Arc::clone(self),
            share: share.clone(),
        })
    }

    /// Ends all streams, and every later one at its start, so that the server can stop.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits for [`Self::stop`].
    pub async fn stopped(&self) {
        // Waiting can't fail: the sender lives as long as `self`.
        drop(
            self.stopping
                .subscribe()
                .wait_for(|is_stopping| *is_stopping)
                .await,
        );
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Share, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        match open.get_mut(&self.share) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                open.remove(&self.share);
            }
        }
        self.streams.metrics.streams_open(open.values().sum());
    }
}

#[cfg(test)]
mod tests;
