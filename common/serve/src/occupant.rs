//! What a handler tells the server about the request that it has, so that the server knows whom to ask for a place.

use std::sync::Arc;
use std::time::Instant;

use crate::places::Places;
use crate::progress::SharedProgress;

/// The connection that a request came on. [`crate::run`] adds it to the extensions of every request.
#[derive(Debug, Clone)]
pub struct Occupant {
    progress: SharedProgress,
    places: Arc<Places>,
}

impl Occupant {
    pub(crate) const fn new(progress: SharedProgress, places: Arc<Places>) -> Self {
        Self { progress, places }
    }

    /// The request has a service key: its connection may use the places that are kept for such, and leaves last.
    pub fn is_backend(&self) {
        let mut progress = self.progress.lock();
        (progress.is_backend, progress.is_on_kept_place) = (true, false);
    }

    /// The request has no service key. `false` if its connection has a place that is kept for those that have: then it has to be
    /// refused.
    #[must_use]
    pub fn may_stay(&self) -> bool {
        let is_on_kept_place = self.progress.lock().is_on_kept_place;
        if is_on_kept_place && self.places.is_uncrowded() {
            self.progress.lock().is_on_kept_place = false;
            return true;
        }
        !is_on_kept_place
    }

    /// Whether the connection has a place that is kept for service keys.
    #[must_use]
    pub fn is_on_kept_place(&self) -> bool {
        self.progress.lock().is_on_kept_place
    }

    /// The request is for this account, until its answer has been sent. `false` if as many are open for the account as may be:
    /// then it has to be refused.
    #[must_use]
    pub fn is_for(&self, account: &str) -> bool {
        if self.progress.lock().account.is_some() {
            return true;
        }
        let account = Arc::from(account);
        let has_room = self.places.open_for(&account);
        if has_room {
            self.progress.lock().account = Some(account);
        }
        has_room
    }

    /// Somebody waits for the body of the request from now on.
    pub fn body_awaited(&self) {
        self.progress.lock().body_awaited(Instant::now());
    }

    /// A part of the body came, of so many bytes.
    pub fn body_came(&self, bytes: usize) {
        self.progress.lock().body_came(bytes);
    }

    /// Nobody waits for the body any more; `is_complete` if all of it came.
    pub fn body_ended(&self, is_complete: bool) {
        self.progress.lock().body_ended(is_complete);
    }

    /// Whether the connection has to make room for another: its client is too slow. Then the answer has to come at once. The task of
    /// the request is polled when this changes.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.progress.lock().is_leaving()
    }
}
