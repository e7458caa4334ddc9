//! What this worker holds: a slot for each lease, and the promise to report each lease exactly once.
//!
//! apalis tells a backend nothing about free slots, so they are counted here. Every lease comes with a [`Permit`] that
//! goes with its task. However the task ends (finished, panicked, dropped on the way), the permit reports the lease
//! and frees the slot, both in one step.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::{DeliveryId, EndpointId};
use store::queue::{LeaseToken, Leased, LeasedEvent, Outcome, Report};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::fault::NotAttempted;
use crate::metrics::Metrics;

/// An endpoint with an attempt open for longer than this is slow.
pub(crate) const SLOW_AFTER: Duration = Duration::from_secs(1);

/// The slots of this worker.
#[derive(Debug)]
pub(crate) struct Slots {
    taken: Mutex<Taken>,
    /// Unbounded, but a lease has at most one report in it, and nothing is fetched before reports are recorded.
    reports: UnboundedSender<Report>,
    abandoned: AtomicBool,
    metrics: Metrics,
}

/// The slots that are taken. A later ticket was handed out later.
#[derive(Debug, Default)]
struct Taken {
    next_ticket: u64,
    slots: BTreeMap<u64, Slot>,
    endpoints: HashMap<EndpointId, TakenByEndpoint>,
    bytes: u64,
}

#[derive(Debug)]
struct Slot {
    endpoint: EndpointId,
    since: Instant,
    bytes: u64,
    fetched_slow: bool,
}

#[derive(Debug, Default)]
struct TakenByEndpoint {
    slots: u32,
    fetched_slow: u32,
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
    /// Endpoints with an attempt open for more than a second.
    pub(crate) slow_endpoints: Vec<EndpointId>,
}

/// One lease's slot and the duty to report it.
#[derive(Debug)]
pub(crate) struct Permit {
    slots: Arc<Slots>,
    ticket: u64,
    delivery: DeliveryId,
    token: LeaseToken,
    event: Arc<LeasedEvent>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Started,
    Reported,
}

impl Slots {
    /// Slots, none of them taken, and the channel in which their reports arrive.
    pub(crate) fn new(metrics: Metrics) -> (Arc<Self>, UnboundedReceiver<Report>) {
        let (reports, receiver) = mpsc::unbounded_channel();
        let slots = Self {
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
        let ticket = taken.next_ticket;
        taken.next_ticket += 1;
        taken.bytes += bytes;
        let held = taken.endpoints.entry(endpoint.id.clone()).or_default();
        held.slots += 1;
        held.fetched_slow += u32::from(endpoint.slow);
        let slot = Slot {
            endpoint: endpoint.id.clone(),
            since: now,
            bytes,
            fetched_slow: endpoint.slow,
        };
        taken.slots.insert(ticket, slot);
        drop(taken);
        self.metrics.in_flight.inc();
        Permit {
            slots: Arc::clone(self),
            ticket,
            delivery: leased.delivery.clone(),
            token: leased.token.clone(),
            event: Arc::clone(&leased.event),
            stage: Stage::Waiting,
        }
    }

    /// What the worker holds now.
    pub(crate) fn view(&self, now: Instant) -> View {
        let taken = self.taken();
        let slow: HashSet<&EndpointId> = taken
            .slots
            .values()
            .take_while(|slot| now.saturating_duration_since(slot.since) > SLOW_AFTER)
            .map(|slot| &slot.endpoint)
            .collect();
        let held_slow = taken
            .endpoints
            .iter()
            .filter(|(endpoint, held)| held.fetched_slow > 0 || slow.contains(endpoint))
            .map(|(_, held)| held.slots)
            .sum();
        View {
            held: u32::try_from(taken.slots.len()).unwrap_or(u32::MAX),
            bytes: taken.bytes,
            held_slow,
            slow_endpoints: slow.into_iter().cloned().collect(),
        }
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
        if let Some(slot) = taken.slots.remove(&ticket) {
            taken.bytes -= slot.bytes;
            if let Some(held) = taken.endpoints.get_mut(&slot.endpoint) {
                held.slots -= 1;
                held.fetched_slow -= u32::from(slot.fetched_slow);
                if held.slots == 0 {
                    taken.endpoints.remove(&slot.endpoint);
                }
            }
            self.metrics.in_flight.dec();
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The attempt begins: from here on, a permit that is dropped reports a crash.
    pub(crate) fn start(&mut self) {
        self.stage = Stage::Started;
    }

    /// Reports what the attempt came to.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.report(outcome);
    }

    /// Reports that there was no attempt: the delivery is given back and waits for `wait`, or its attempt counts as crashed if
    /// that would be in vain.
    pub(crate) fn not_attempted(mut self, reason: &NotAttempted, wait: Duration) {
        self.report_not_attempted(reason, wait);
    }

    fn report_not_attempted(&mut self, reason: &NotAttempted, wait: Duration) {
        let metrics = &self.slots.metrics;
        match reason.given_back() {
            Some(label) => {
                metrics.given_back.with_label_values(&[label]).inc();
                self.report(match reason {
                    NotAttempted::Crowded => Outcome::Crowded,
                    _ => Outcome::GivenBack { wait },
                });
            }
            None => {
                metrics.crashed.inc();
                self.report(Outcome::Crashed);
            }
        }
    }

    fn report(&mut self, outcome: Outcome) {
        self.stage = Stage::Reported;
        let report = Report {
            delivery: self.delivery.clone(),
            token: self.token.clone(),
            event: self.event.event.clone(),
            outcome,
        };
        self.slots.report(self.ticket, report);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let cut_off = self.slots.abandoned.load(Ordering::SeqCst);
        match self.stage {
            Stage::Reported => {}
            Stage::Started if !cut_off => {
                tracing::error!(delivery = %self.delivery, "an attempt ended without an outcome; it is reported as a crash");
                self.slots.metrics.crashed.inc();
                self.report(Outcome::Crashed);
            }
            Stage::Waiting | Stage::Started => {
                self.report_not_attempted(&NotAttempted::Stopping, Duration::ZERO);
            }
        }
    }
}

#[cfg(test)]
mod tests;
