//! Watches the tasks, and stops them in order and in bounded time.
//!
//! No task may end before the stop. If one does, the worker stops as it would on a signal and then ends with an error, so
//! that whoever started it starts it again.

use std::sync::Arc;
use std::time::Duration;

use apalis::prelude::MonitorContext;
use tokio::time::Instant;

use crate::backend::handoff::Handoff;
use crate::backend::slots::Slots;
use crate::error::RunError;
use crate::stop::Stopper;
use crate::tasks::Tasks;

/// How long after `DELIVERY_TIMEOUT` the attempts that are still open are cut off.
const CUT_OFF_AFTER: Duration = Duration::from_millis(500);

/// How long after that the last report must have been recorded.
const REPORTS_WITHIN: Duration = Duration::from_millis(1000);

/// Everything that runs, and what it takes to stop it.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) tasks: Tasks,
    /// The pages for operators: they stay until the end.
    pub(crate) pages: Tasks,
    pub(crate) stopper: Stopper,
    /// Those of each shard.
    pub(crate) slots: Vec<Arc<Slots>>,
    pub(crate) handoff: Arc<Handoff>,
    pub(crate) runner: MonitorContext,
    /// `DELIVERY_TIMEOUT`.
    pub(crate) timeout: Duration,
}

impl Supervisor {
    /// Runs until `shutdown` or until a task ends that should not, and stops everything.
    pub(crate) async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            Some(name) = self.tasks.next_end() => Err(RunError::TaskEnded(name)),
            Some(name) = self.pages.next_end() => Err(RunError::TaskEnded(name)),
        };
        if let Err(error) = &ended {
            tracing::error!(%error, "stopping");
        }
        self.stop().await;
        ended
    }

    async fn stop(&mut self) {
        let cut_off = Instant::now() + self.timeout + CUT_OFF_AFTER;
        let deadline = cut_off + REPORTS_WITHIN;
        tracing::info!(
            in_flight = self.slots.iter().map(|slots| slots.held()).sum::<usize>(),
            "stopping: nothing new is taken, what is in flight is finished"
        );
        self.stopper.stop(deadline);
        if let Err(error) = self.runner.shutdown() {
            tracing::warn!(%error, "the runner could not be told to stop");
        }
        // Jobs that the runner has not picked up yet are given back at once.
        self.handoff.close();
        if !self.tasks.all_ended(cut_off).await {
            tracing::warn!("giving back what is still in flight");
            for slots in &self.slots {
                slots.abandon();
            }
            self.tasks.cut_off("runner");
            if !self.tasks.all_ended(deadline + Duration::from_millis(100)).await {
                tracing::warn!("ending before everything was recorded");
            }
        }
        tracing::info!("stopped");
    }
}

#[cfg(test)]
mod tests;
