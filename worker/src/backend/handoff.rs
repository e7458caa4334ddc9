//! Where the fetcher leaves jobs and apalis picks them up. Closing it gives back what nobody picked up.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::job::Job;

/// A queue of jobs between the fetcher and apalis.
#[derive(Debug, Default)]
pub(crate) struct Handoff {
    state: Mutex<State>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Handoff {
    /// Leaves jobs. If the handoff is closed they are given back at once.
    pub(crate) fn put(&self, jobs: Vec<Job>) {
        let mut state = self.state();
        if state.closed {
            drop(state);
            drop(jobs);
            return;
        }
        state.jobs.extend(jobs);
        drop(state);
        self.waker.wake();
    }

    /// Takes no more jobs, and gives back those that are still here.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        drop(jobs);
        self.waker.wake();
    }

    /// The next job; `None` when the handoff is closed.
    pub(crate) fn poll_take(&self, context: &Context<'_>) -> Poll<Option<Job>> {
        // Registered before looking, so that a job that comes in between wakes us.
        self.waker.register(context.waker());
        let mut state = self.state();
        match state.jobs.pop_front() {
            Some(job) => Poll::Ready(Some(job)),
            None if state.closed => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
