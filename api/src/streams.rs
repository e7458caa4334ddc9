//! How many live streams may be open: [`MOST_OF_ACCOUNT`] for an account's people, as many for its keys and for the backend in its name, [`MOST`] in all. Each holds a connection to Redis, so a
//! stream gives its place back as soon as it ends. A stream may go on for hours, so when all places are taken, the account with the most
//! gives up its oldest for one that has fewer: some accounts can't keep all others out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::access::Share;
use crate::metrics::Metrics;

/// The most streams of one account in this process.
pub const MOST_OF_ACCOUNT: usize = 10;

/// The most streams in this process.
pub const MOST: usize = 200;

/// The open streams of this process.
#[derive(Debug)]
pub struct Streams {
    open: Mutex<Open>,
    stopping: watch::Sender<bool>,
    metrics: Metrics,
}

/// The open streams of each share, oldest first: what tells each to make room.
type Open = HashMap<Share, Vec<Arc<Notify>>>;

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

impl NoPlace {
    /// How many streams there may be.
    pub(crate) const fn most(self) -> usize {
        match self {
            Self::Account => MOST_OF_ACCOUNT,
            Self::Process => MOST,
        }
    }
}

/// The right to keep one stream open. Dropping it gives the place back.
#[derive(Debug)]
pub struct Place {
    streams: Arc<Streams>,
    share: Share,
    makes_room: Arc<Notify>,
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
        let all = count(&open);
        let own = open.get(share).map_or(0, Vec::len);
        if own >= MOST_OF_ACCOUNT {
            return Err(NoPlace::Account);
        }
        if all >= MOST {
            let most = open.values_mut().max_by_key(|places| places.len());
            let most = most
                .filter(|places| places.len() > own + 1)
                .ok_or(NoPlace::Process)?;
            most.remove(0).notify_one();
        }
        let makes_room = Arc::<Notify>::default();
        let places = open.entry(share.clone()).or_default();
        places.push(Arc::clone(&makes_room));
        self.metrics.streams_open(count(&open));
        Ok(Place {
            streams: Arc::clone(self),
            share: share.clone(),
            makes_room,
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

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many streams are open in all.
fn count(open: &Open) -> usize {
    open.values().map(Vec::len).sum()
}

impl Place {
    /// Waits until the stream has to end because another account needs its place.
    pub async fn must_leave(&self) {
        self.makes_room.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        if let Some(own) = open.get_mut(&self.share) {
            own.retain(|place| !Arc::ptr_eq(place, &self.makes_room));
            if own.is_empty() {
                open.remove(&self.share);
            }
        }
        self.streams.metrics.streams_open(count(&open));
    }
}

#[cfg(test)]
mod tests;
