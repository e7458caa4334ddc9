//! The stop of a worker: one signal that every task hears, with the deadline until which it may tidy up.

use tokio::sync::watch;
use tokio::time::Instant;

/// Tells every task to stop.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<Option<Instant>>);

/// What a task listens to.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<Option<Instant>>);

impl Stopper {
    /// A stopper, and what tasks listen to.
    pub(crate) fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Stop(receiver))
    }

    /// Tells every task to stop, and by when it must have ended.
    pub(crate) fn stop(&self, deadline: Instant) {
        self.0.send_replace(Some(deadline));
    }
}

impl Stop {
    /// Whether the worker is stopping.
    pub(crate) fn is_set(&self) -> bool {
        self.0.borrow().is_some() || self.0.has_changed().is_err()
    }

    /// Waits until the worker is to stop.
    pub(crate) async fn requested(&mut self) {
        // An error means that the stopper is gone, and with it the worker.
        if self.0.wait_for(Option::is_some).await.is_err() {
            tracing::debug!("the stopper is gone");
        }
    }

    /// Waits until the worker is to stop and its deadline has passed.
    pub(crate) async fn deadline(&mut self) {
        self.requested().await;
        let deadline = *self.0.borrow();
        if let Some(deadline) = deadline {
            tokio::time::sleep_until(deadline).await;
        }
    }
}
