//! Where the time of an attempt goes: name lookup, TCP, TLS, and the wait for the head of the answer.
//!
//! The client's parts call [`mark`] when they get somewhere; [`measured`] gives each attempt marks of its own, which `mark`
//! finds through the task: the client makes a connection inside the task of the request that needs it. If another
//! connection becomes idle meanwhile, the request takes that one, and the client finishes the new one in a task of its own.
//! Then [`Connecting`] withdraws what it has marked, so that no attempt shows a connection that it did not use.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use store::queue::Phases;
use tower::{Layer, Service};

tokio::task_local! {
    static MARKS: Marks;
}

/// How far an attempt got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A new connection is begun.
    Connect,
    /// The look-up of the host name begins. Literal addresses have none.
    Lookup,
    /// The name has addresses, and all of them may be connected to.
    Resolved,
    /// The TLS handshake begins.
    Handshake,
    /// The connection is there, or failed.
    Connected,
    /// The head of the answer is there.
    Answered,
}

/// Notes that the attempt of this task got this far. Outside of attempts it does nothing.
pub(crate) fn mark(reached: Mark) {
    if let Ok(marks) = MARKS.try_with(Marks::clone) {
        marks.mark(reached);
    }
}

/// Runs an attempt, and measures where its time goes.
pub(crate) async fn measured<T>(attempt: impl Future<Output = T>) -> (T, Phases) {
    let (marks, started) = (Marks::default(), Instant::now());
    let came_to = MARKS.scope(marks.clone(), attempt).await;
    (came_to, marks.phases(started, Instant::now()))
}

/// The marks of one attempt.
#[derive(Debug, Clone, Default)]
struct Marks(Arc<Mutex<[Option<Instant>; 6]>>);

impl Marks {
    fn mark(&self, reached: Mark) {
        let mut at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reached == Mark::Connect {
            // A request that met a connection just closed by the receiver begins again with a new one.
            *at = [None; 6];
        }
        at[reached as usize].get_or_insert_with(Instant::now);
    }

    fn withdraw(&self) {
        let mut at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at[..Mark::Answered as usize].fill(None);
    }

    /// The phases of an attempt that lasted from `started` to `ended`. A phase that was under way at the end lasted till
    /// then.
    fn phases(&self, started: Instant, ended: Instant) -> Phases {
        let mut at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = at[Mark::Answered as usize];
        if answered.is_some() && at[Mark::Connected as usize].is_none() {
            // The answer came on another connection than the one that was begun for this attempt.
            at = [None; 6];
        }
        let [connect, lookup, resolved, handshake, connected, _] = at;
        let spent = |from: Option<Instant>, ends: &[Option<Instant>]| {
            let end = ends.iter().copied().flatten().next().unwrap_or(ended);
            from.map(|from| end.saturating_duration_since(from))
        };
        let dialing = if lookup.is_some() { resolved } else { connect };
        Phases {
            dns: spent(lookup, &[resolved, connected]),
            connect: spent(dialing, &[handshake, connected]),
            tls: spent(handshake, &[connected]),
            first_byte: answered.map(|at| at.saturating_duration_since(started)),
        }
    }
}

/// Marks the beginning and the end of each connection that the client makes.
#[derive(Debug, Clone, Copy)]
pub(super) struct MarkConnections;

impl<S> Layer<S> for MarkConnections {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector(inner)
    }
}

/// Makes connections and marks them.
#[derive(Debug, Clone)]
pub(super) struct Connector<S>(S);

impl<S: Service<To, Future: Unpin>, To> Service<To> for Connector<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: To) -> Connecting<S::Future> {
        mark(Mark::Connect);
        Connecting {
            marks: MARKS.try_with(Marks::clone).ok(),
            connection: self.0.call(to),
        }
    }
}

/// A connection in the making, for the attempt whose marks it has.
#[derive(Debug)]
pub(super) struct Connecting<F> {
    marks: Option<Marks>,
    connection: F,
}

impl<F: Future + Unpin> Future for Connecting<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if MARKS.try_with(|_| ()).is_err()
            && let Some(marks) = self.marks.take()
        {
            marks.withdraw();
        }
        let polled = Pin::new(&mut self.connection).poll(context);
        if polled.is_ready()
            && let Some(marks) = &self.marks
        {
            marks.mark(Mark::Connected);
        }
        polled
    }
}

#[cfg(test)]
mod tests;
