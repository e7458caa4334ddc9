//! Waits while the fetcher has room and nothing to do, so that nobody polls: for wake tokens, and for deliveries that it is handed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::Store;
use store::queue::{Handed, Incarnation, Woken};
use tokio::sync::watch;

use crate::metrics::Metrics;
use crate::outage::Outage;
use crate::stop::Stop;

use super::handoff::Handoff;
use super::job::Job;
use super::slots::Slots;
use super::standby::Standby;

/// What the task works with.
#[derive(Debug)]
pub(crate) struct Wake {
    pub(crate) store: Store,
    /// What leases of this worker call it.
    pub(crate) incarnation: Incarnation,
    /// How long a lease lasts.
    pub(crate) lease: Duration,
    /// Whether the fetcher has room and nothing to do.
    pub(crate) idle: watch::Receiver<bool>,
    pub(crate) standby: Arc<Standby>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) handoff: Arc<Handoff>,
    pub(crate) metrics: Metrics,
    pub(crate) outage: Outage,
}

impl Wake {
    /// Runs until the worker stops.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        tokio::select! {
            () = stop.requested() => {}
            () = self.wait() => {}
        }
    }

    async fn wait(&mut self) {
        // An error means that the fetcher has ended, which the supervisor notices.
        while self.idle.wait_for(|idle| *idle).await.is_ok() {
            match self
                .store
                .wait_for_work(&self.incarnation, self.store.waits_for())
                .await
            {
                Ok(woken) => {
                    self.outage.over();
                    match woken {
                        Woken::Nothing => {}
                        Woken::Token => self.standby.woken.notify_one(),
                        Woken::Handed(handed) => self.take(handed),
                    }
                }
                Err(error) => {
                    // First the pause: whoever says that it stands by again waits again.
                    tokio::time::sleep(self.outage.failed(&error)).await;
                    self.standby.break_off().await;
                }
            }
        }
    }

    /// Passes on what the worker was handed.
    fn take(&self, handed: Handed) {
        let now = Instant::now();
        let leased_at = self.standby.before(handed.at, now);
        let leased = handed.leased.into_iter();
        let jobs: Vec<_> = leased
            .map(|leased| {
                self.metrics.fetched.inc();
                let permit = self.slots.take(&leased, now);
                Job::new(leased, permit, leased_at, self.lease)
            })
            .collect();
        // Once each holds a slot, and before anything can come of it.
        self.standby.note_handed(handed.after);
        self.handoff.put(jobs);
    }
}
