//! Tasks that don't outlive whoever started them.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{AbortHandle, Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;

/// The worker's tasks, each with a name. Dropping this ends them.
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

    /// Waits for the next task to end and returns its name; `None` if there is none left.
    pub(crate) async fn next_end(&mut self) -> Option<&'static str> {
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
    pub(crate) fn cut_off(&self, name: &str) {
        for (_, handle) in self.names.values().filter(|(of, _)| *of == name) {
            handle.abort();
        }
    }

    /// Waits for all tasks, until `deadline`. Returns whether all ended.
    pub(crate) async fn all_ended(&mut self, deadline: Instant) -> bool {
        let all = async { while self.next_end().await.is_some() {} };
        tokio::time::timeout_at(deadline, all).await.is_ok()
    }
}

/// A task that ends when its handle is dropped.
#[derive(Debug)]
pub(crate) struct AbortOnDrop<T>(JoinHandle<T>);

impl<T: Send + 'static> AbortOnDrop<T> {
    /// Starts a task.
    pub(crate) fn spawn(task: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }
}

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
