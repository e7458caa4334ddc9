//! Tells a shard of this worker, for `webhooksctl workers`: seldom, and at once when it starts, when an operator wants something else of it,
//! and when it stops. Once everything is recorded, it takes the worker away; one that dies is forgotten by itself.
//!
//! What an operator wants comes with upkeep, which asks more often, and with each answer here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::id::fill_random;
use store::queue::{Incarnation, Wish};
use store::workers::{Doing, Presence, TELL_EVERY, TELL_EVERY_WHILE_QUIET, WorkerName};
use store::{Store, StoreError};
use tokio::sync::{Notify, SetOnce};

use crate::backend::slots::Slots;
use crate::drain::Drain;
use crate::outage::Outage;
use crate::stop::Stop;

/// How long a worker that stops waits for an answer of a shard.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// This worker, as all its shards know it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) name: WorkerName,
    host: String,
    started: Instant,
}

impl Identity {
    /// Of this process.
    pub(crate) fn of_process() -> Self {
        let host = program::host::name();
        Self {
            name: WorkerName::new(&host, std::process::id()),
            host,
            started: Instant::now(),
        }
    }
}

/// What upkeep has to do with it: it asks what an operator wants.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) name: WorkerName,
    pub(crate) shard: u16,
    pub(crate) drain: Drain,
    /// The shard doesn't know the worker.
    pub(crate) unknown: Arc<Notify>,
}

impl Known {
    /// Notes what an operator wants. A shard that has forgotten the worker is told of it.
    pub(crate) fn hear(&self, wish: Wish) {
        match wish {
            Wish::Unknown => self.unknown.notify_one(),
            Wish::Serve | Wish::Drain => self.drain.set(self.shard, wish == Wish::Drain),
        }
    }
}

/// A shard's part of what operators know of this worker.
#[derive(Debug, Clone)]
pub(crate) struct Register {
    pub(crate) known: Known,
    /// What the leases of this shard call the worker.
    pub(crate) incarnation: Incarnation,
    /// Set once everything is recorded, after the stop.
    pub(crate) is_recorded: Arc<SetOnce<()>>,
}

impl Register {
    pub(crate) fn of(identity: &Identity, shard: u16, drain: &Drain) -> Self {
        let known = Known {
            name: identity.name.clone(),
            shard,
            drain: drain.clone(),
            unknown: Arc::default(),
        };
        Self {
            known,
            incarnation: Incarnation::random(),
            is_recorded: Arc::default(),
        }
    }
}

/// Tells a shard of the worker.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) store: Store,
    pub(crate) identity: Identity,
    pub(crate) register: Register,
    pub(crate) slots: Arc<Slots>,
    /// How many deliveries the worker may hold.
    pub(crate) capacity: u32,
    pub(crate) stop: Stop,
    pub(crate) outage: Outage,
}

impl Telling {
    /// Runs until the worker has stopped and everything is recorded.
    pub(crate) async fn run(mut self) {
        let (mut stop, drain) = (self.stop.clone(), self.register.known.drain.clone());
        loop {
            let was_on = drain.is_on();
            let doing = if was_on { Doing::Draining } else { Doing::Serving };
            let told = tokio::select! {
                told = self.tell(doing) => told,
                () = stop.requested() => break,
            };
            let (wait, while_quiet) = match told {
                Ok(wish) => {
                    self.outage.over();
                    self.register.known.hear(wish);
                    (jittered(TELL_EVERY), jittered(TELL_EVERY_WHILE_QUIET))
                }
                Err(error) => {
                    let wait = self.outage.failed(&error).max(Duration::from_secs(1));
                    (wait, wait)
                }
            };
            tokio::select! {
                () = self.store.rest(wait, while_quiet) => {}
                () = self.register.known.unknown.notified() => {}
                () = drain.becomes(!was_on) => {}
                () = stop.requested() => break,
            }
        }
        // Without an answer the worker is forgotten after a while.
        tokio::time::timeout(LAST_WORDS, self.tell(Doing::Stopping))
            .await
            .ok();
        self.register.is_recorded.wait().await;
        let left = self.store.unregister_worker(&self.identity.name);
        tokio::time::timeout(LAST_WORDS, left).await.ok();
    }

    async fn tell(&self, doing: Doing) -> Result<Wish, StoreError> {
        let presence = Presence {
            name: &self.identity.name,
            host: &self.identity.host,
            version: env!("CARGO_PKG_VERSION"),
            incarnation: &self.register.incarnation,
            slots: self.capacity,
            in_flight: self.slots.held(),
            doing,
            uptime: self.identity.started.elapsed(),
        };
        self.store.register_worker(&presence).await
    }
}

/// Up to 10 % shorter or longer, so that shards aren't told all at once.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0_u8];
    fill_random(&mut byte);
    wait.mul_f64(0.9 + 0.2 * f64::from(byte[0]) / 255.0)
}
