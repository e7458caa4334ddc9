//! The queue as an apalis backend.
//!
//! apalis runs the attempts; what it runs comes from here. The [`fetcher`] leases deliveries and leaves them as
//! [`job`]s in the [`handoff`], from which [`Deliveries`] hands them to apalis. [`plan`] decides how much to fetch, from
//! what the [`slots`] of the shard hold, and what the [`pool`] of all shards leaves them, which is little
//! while the worker can't do its work ([`fitness`](crate::fitness)), and [`looks`] when to look although nothing woke it. Reports are
//! [`waiting`] for a call meanwhile, those of failures for their turn ([`trickle`]); the [`session`] keeps all this from call to
//! call. [`wake`] waits until there is something to fetch, so that nobody polls, or brings deliveries that the worker is handed; [`standby`]
//! is what it shares with the fetcher.
//!
//! The backend never fails: whatever happens to Redis, the fetcher waits it out.

pub(crate) mod slots;

pub(crate) mod standby;

pub(crate) mod pool;

pub(crate) mod job;

pub(crate) mod handoff;

pub(crate) mod plan;

mod looks;

pub(crate) mod want;

mod waiting;

mod trickle;

mod session;

pub(crate) mod fetcher;

pub(crate) mod wake;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use apalis::prelude::{Backend, Task, TaskBuilder, WorkerContext};
use apalis_core::backend::BackendConfig;
use apalis_core::backend::finalize::Ephemeral;
use apalis_core::layers::Identity;

use handoff::Handoff;
use job::Job;

/// What apalis consumes: one task for each lease.
#[derive(Debug, Clone)]
#[must_use = "a backend does nothing unless a worker polls it"]
pub(crate) struct Deliveries {
    handoff: Arc<Handoff>,
}

impl Deliveries {
    /// The jobs that the fetcher leaves in `handoff`.
    pub(crate) const fn new(handoff: Arc<Handoff>) -> Self {
        Self { handoff }
    }
}

impl Backend for Deliveries {
    type Task = Task<Job>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Job>, Infallible>>> {
        self.handoff.poll_take(context).map(|job| {
            job.map(|job| {
                let attempt = usize::try_from(job.leased.attempt).unwrap_or(usize::MAX);
                // It needs no id: nobody asks apalis for a task.
                Ok(TaskBuilder::new(job).attempt(attempt.saturating_sub(1)).build())
            })
        })
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.handoff.close();
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Deliveries {
    type Args = Job;
    type Id = String;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}
