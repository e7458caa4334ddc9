//! Watches the tasks, and stops them in order and in bounded time.
//!
//! No task ends before the stop. If one does, the worker stops as it would on a signal, and then ends with an error, so
//! that whoever started it starts it again.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis::prelude::MonitorContext;
use tokio::task::{AbortHandle, Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::backend::handoff::Handoff;
use crate::backend::slots::Slots;
use crate::error::RunError;
use crate::stop::Stopper;

/// After the timeout of the last attempt, how long until what is left of them is cut off …
const CUT_OFF_AFTER: Duration = Duration::from_millis(500);

/// … and how long from there until the last report must have been recorded.
const REPORTS_WITHIN: Duration = Duration::from_millis(1000);

/// Named tasks. Dropping it ends them.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    set: JoinSet<()>,
    names: HashMap<Id, (&'static str, AbortHandle)>,
}

impl Tasks {
    /// Starts a task.
    pub(crate) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.set.spawn(task);
        self.names.insert(handle.id(), (name, handle));
    }

    /// Waits for the next task to end, and tells its name; `None` when there is none left.
    async fn next_end(&mut self) -> Option<&'static str> {
        let (id, panicked) = match self.set.join_next_with_id().await? {
            Ok((id, ())) => (id, false),
            Err(error) => (error.id(), error.is_panic()),
        };
        let name = self.names.remove(&id).map_or("unnamed", |(name, _)| name);
        if panicked {
            tracing::error!(task = name, "a task panicked");
        }
        Some(name)
    }

    /// Ends a task where it is.
    fn cut_off(&self, name: &str) {
        for (_, handle) in self.names.values().filter(|(of, _)| *of == name) {
            handle.abort();
        }
    }

    /// Waits for all tasks, until `deadline`.
    async fn all_ended(&mut self, deadline: Instant) -> bool {
        let all = async { while self.next_end().await.is_some() {} };
        tokio::time::timeout_at(deadline, all).await.is_ok()
    }
}

/// Everything that runs, and what is needed to stop it.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) tasks: Tasks,
    /// The health pages: they stay until the end.
    pub(crate) pages: Tasks,
    pub(crate) stopper: Stopper,
    pub(crate) slots: Arc<Slots>,
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
            in_flight = self.slots.view(std::time::Instant::now()).held,
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
            self.slots.abandon();
            self.tasks.cut_off("runner");
            if !self.tasks.all_ended(deadline + Duration::from_millis(100)).await {
                tracing::warn!("ending before everything was recorded");
            }
        }
        tracing::info!("stopped");
    }
}

/// A task that ends when its handle is dropped.
#[derive(Debug)]
pub(crate) struct AbortOnDrop<T>(pub(crate) JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;
