//! The workers that run. Each tells every shard that it serves of itself, now and then and when something changes; who stops takes itself
//! away, and who dies is forgotten after little more than a minute. An operator's wish that a worker takes nothing new stands in the same place, so that
//! the worker hears of it there.
//!
//! - `name`: what workers are called. `look`: who they are and what each holds, with plain reads, as operators see it.

mod look;

mod name;

use std::time::Duration;

use super::queue::{Incarnation, Wish};
use super::scripts::script;
use super::{Store, StoreError};

pub use self::look::{Held, Lease, WorkerRow, Workers};
pub use self::name::{InvalidWorkerName, WorkerName};

/// How often a worker tells of itself.
pub const TELL_EVERY: Duration = Duration::from_secs(12);

/// How often where nothing happens. After three times as long without a word it counts as gone (`worker_register.lua`).
pub const TELL_EVERY_WHILE_QUIET: Duration = Duration::from_secs(24);

script! {
    /// A worker tells of itself.
    "worker_register": AllowOom, Writes, needs [BASE];
    struct WorkerRegister<'a> {
        name: &'a WorkerName,
        host: &'a str,
        version: &'a str,
        incarnation: &'a Incarnation,
        slots: u32,
        in_flight: usize,
        state: &'a str,
        uptime: Duration
    } -> Wish
}

script! {
    /// A worker that has stopped takes itself away.
    "worker_leave": AllowOom, Writes, needs [BASE];
    struct WorkerLeave<'a> {
        name: &'a WorkerName
    } -> ()
}

script! {
    /// An operator wants a worker to take nothing new, or to go on.
    "worker_drain": AllowOom, Writes, needs [BASE];
    struct WorkerDrain<'a> {
        name: &'a WorkerName,
        drain: bool
    } -> bool
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It takes deliveries.
    Serving,
    /// An operator wants it to take nothing new: it finishes what it has.
    Draining,
    /// It is about to end, and finishes what it has.
    Stopping,
}

impl Doing {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
        }
    }
}

/// What a worker tells of itself.
#[derive(Debug, Clone, Copy)]
pub struct Presence<'a> {
    /// What it is called, the same in all shards.
    pub name: &'a WorkerName,
    /// Its machine.
    pub host: &'a str,
    /// Its release.
    pub version: &'a str,
    /// What the leases call it that it takes in this shard.
    pub incarnation: &'a Incarnation,
    /// How many deliveries it may hold, of all shards.
    pub slots: u32,
    /// How many it holds of this one.
    pub in_flight: usize,
    /// What it does.
    pub doing: Doing,
    /// For how long it has run.
    pub uptime: Duration,
}

impl Store {
    /// Tells this shard of a worker, and hears what an operator wants of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn register_worker(&self, presence: &Presence<'_>) -> Result<Wish, StoreError> {
        let Presence {
            name,
            host,
            version,
            incarnation,
            slots,
            in_flight,
            doing,
            uptime,
        } = *presence;
        let state = doing.as_str();
        let register = WorkerRegister {
            name,
            host,
            version,
            incarnation,
            slots,
            in_flight,
            state,
            uptime,
        };
        self.call(&register).await
    }

    /// Takes a worker that has stopped out of this shard's register.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. Then it is forgotten after a while.
    pub async fn unregister_worker(&self, name: &WorkerName) -> Result<(), StoreError> {
        self.call(&WorkerLeave { name }).await
    }

    /// How many workers have told this shard of themselves lately.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn worker_count(&self) -> Result<u32, StoreError> {
        self.query(redis::cmd("ZCARD").arg(self.keys().key("workers")))
            .await
    }

    /// Wants a worker to take nothing new, or to go on. Returns whether this shard knows it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn drain_worker(&self, name: &WorkerName, drain: bool) -> Result<bool, StoreError> {
        self.call(&WorkerDrain { name, drain }).await
    }
}
