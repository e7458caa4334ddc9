//! What this worker holds: a slot for each lease, and the promise to report each lease exactly once.
//!
//! apalis tells a backend nothing about free slots, so they are counted here. Every lease comes with a [`Permit`] that
//! goes with its task. However the task ends (finished, panicked, dropped on the way), the permit reports the lease
//! and frees the slot, both in one step.

mod permit;

mod taken;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use domain::id::EndpointId;
use store::queue::{Leased, Report};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::pool::{Member, Share};
use crate::metrics::Metrics;
pub(crate) use permit::Permit;
use taken::{Slot, Taken};

/// The slots that a shard has taken, of those of this worker.
#[derive(Debug)]
pub(crate) struct Slots {
    member: Member,
    taken: Mutex<Taken>,
    /// Unbounded, but a lease has at most one report in it, and nothing is fetched before reports are recorded.
    reports: UnboundedSender<Report>,
    abandoned: AtomicBool,
    metrics: Metrics,
}

/// What a worker holds at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Leases.
    pub(crate) held: u32,
    /// Bytes of their payloads.
    pub(crate) bytes: u64,
    /// Leases of endpoints that are slow.
    pub(crate) held_slow: u32,
    /// What it may hold, if it shares the slots with other shards.
    pub(crate) share: Option<Share>,
}

impl Slots {
    /// Slots, none of them taken, and the channel in which their reports arrive.
    pub(crate) fn new(metrics: Metrics, member: Member) -> (Arc<Self>, UnboundedReceiver<Report>) {
        let (reports, receiver) = mpsc::unbounded_channel();
        let slots = Self {
            member,
            taken: Mutex::default(),
            reports,
            abandoned: AtomicBool::new(false),
            metrics,
        };
        (Arc::new(slots), receiver)
    }

    /// Takes a slot for a lease.
    pub(crate) fn take(self: &Arc<Self>, leased: &Leased, now: Instant) -> Permit {
        let endpoint = &leased.endpoint;
        let bytes = leased.event.body.len() as u64;
        let mut taken = self.taken();
        let ticket = taken.take(Slot {
            endpoint: endpoint.id.clone(),
            since: now,
            bytes,
            fetched_slow: endpoint.slow,
        });
        self.member.holds(taken.count(), taken.bytes());
        drop(taken);
        self.metrics.held.deliveries.inc();
        self.metrics.held.bytes.add(as_gauge(bytes));
        Permit::new(
            Arc::clone(self),
            ticket,
            leased.delivery.clone(),
            leased.token.clone(),
            Arc::clone(&leased.event),
        )
    }

    /// What the shard holds now, and may hold. It may have something to fetch if it `wants`.
    pub(crate) fn view(&self, now: Instant, wants: bool) -> View {
        let mut taken = self.taken();
        taken.pass(now);
        let (held, held_slow, bytes) = (taken.count(), taken.held_slow(), taken.bytes());
        View {
            held: u32::try_from(held).unwrap_or(u32::MAX),
            bytes,
            held_slow,
            share: self.member.share(held, held_slow, bytes, wants),
        }
    }

    /// Endpoints with an attempt open for more than a second, as the last look found them: those that the next call names to the queue.
    pub(crate) fn name_slow(&self, now: Instant) -> Vec<EndpointId> {
        self.taken().name_slow(now)
    }

    /// How many leases the shard holds.
    pub(crate) fn held(&self) -> usize {
        self.taken().count()
    }

    /// A place in the pool of all shards' slots.
    pub(super) const fn member(&self) -> &Member {
        &self.member
    }

    /// From now on, attempts that are cut off are given back: it is the worker that ends them, not a crash.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
    }

    fn report(&self, ticket: u64, report: Report) {
        // Under the lock: by the time anybody sees the slot free, the report is in the channel.
        let mut taken = self.taken();
        if self.reports.send(report).is_err() {
            tracing::warn!("a report came after the last call; its lease will expire, and it is sent again");
        }
        if let Some(bytes) = taken.free(ticket) {
            self.member.holds(taken.count(), taken.bytes());
            self.metrics.held.deliveries.dec();
            self.metrics.held.bytes.sub(as_gauge(bytes));
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn as_gauge(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
