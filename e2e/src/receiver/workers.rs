//! A receiver that has only so many workers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Receiver;

/// The workers that are free.
pub(super) struct Workers(Arc<Semaphore>);

impl Workers {
    /// Waits for a worker, behind all who came before, and until it is done. One that has begun goes on, whether or not the client
    /// still waits.
    pub(super) async fn handle(&self, takes: Duration) {
        let workers = Arc::clone(&self.0);
        let done = tokio::spawn(async move {
            // Nobody closes it.
            let _worker = workers.acquire_owned().await;
            tokio::time::sleep(takes).await;
        });
        // It fails only with the runtime.
        drop(done.await);
    }
}

impl Receiver {
    /// From now on so many workers handle the requests, each one at a time, in the order in which they came; an answer's delay is
    /// how long it keeps a worker busy.
    ///
    /// # Panics
    ///
    /// When it has a number of workers already.
    pub fn has_workers(&self, count: usize) {
        let workers = Workers(Arc::new(Semaphore::new(count)));
        let is_first = self.record.workers.set(workers).is_ok();
        assert!(is_first, "their number is set once");
    }
}
