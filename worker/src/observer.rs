//! Looks at the shards' queues for the metrics: what waits, how old it is, and in which states endpoints are.
//!
//! One worker looks at a shard, whoever was first, and tells it on its `/metrics`; the others tell nothing of it. It looks only while
//! somebody asks for that page, seldom where nothing happens, and never for more than a small part of Redis's time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use exposition::{Queues, Sight};
use store::queue::Incarnation;
use store::{Store, StoreError};
use tokio::sync::watch;

use crate::outage::Outage;
use crate::stop::Stop;

/// How often it looks, and how often while nothing happens in the shard.
const EVERY: Duration = Duration::from_secs(10);
const EVERY_WHILE_QUIET: Duration = Duration::from_secs(60);

/// A look that took long is followed by a pause of so many times as long, so that looking never takes over 2 % of Redis's time.
const PAUSE_AFTER_LOOK: u32 = 50;

/// For so many times as long as its pause nobody takes the place of whoever looks.
const LEASE: u32 = 3;

/// After a look that failed it waits for so many times as long as between two looks.
const REST_AFTER_FAILURE: u32 = 4;

/// Who has not asked for so long, doesn't ask any more.
const ASKED_WITHIN: Duration = Duration::from_secs(300);

/// How old a reading of the memory may be.
const MEMORY_WITHIN: Duration = Duration::from_secs(5);

/// What the metrics tell of single endpoints.
#[derive(Debug, Clone, Args)]
pub struct MetricsArgs {
    /// Of how many endpoints with the largest backlogs in each shard `/metrics` tells one by one; each is a series of its own.
    #[arg(long, env, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub metrics_top_endpoints: u16,
}

/// Whether somebody wants to know. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Interest(Arc<watch::Sender<Option<Instant>>>);

impl Default for Interest {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Interest {
    /// Somebody asks.
    pub(crate) fn asked(&self) {
        self.0.send_replace(Some(Instant::now()));
    }

    /// Whether somebody has asked lately.
    fn is_shown(&self) -> bool {
        is_recent(&self.0.borrow())
    }

    /// Waits until somebody asks, unless somebody has lately.
    async fn shown(&self) {
        // The sender is here, so there is no error.
        self.0.subscribe().wait_for(is_recent).await.ok();
    }
}

fn is_recent(asked: &Option<Instant>) -> bool {
    asked.is_some_and(|asked| asked.elapsed() < ASKED_WITHIN)
}

/// Looks at one shard.
#[derive(Debug)]
pub(crate) struct Observer {
    pub(crate) store: Store,
    pub(crate) queues: Queues,
    pub(crate) interest: Interest,
    /// `METRICS_TOP_ENDPOINTS`.
    pub(crate) top: usize,
    /// `STORE_BUDGET_BYTES`.
    pub(crate) budget: Option<u64>,
    pub(crate) outage: Outage,
    pub(crate) stop: Stop,
}

impl Observer {
    /// Runs until the worker stops.
    pub(crate) async fn run(mut self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = self.look_again_and_again() => {}
            () = stop.requested() => {}
        }
    }

    async fn look_again_and_again(&mut self) {
        let this = Incarnation::random();
        let mut last = Duration::ZERO;
        loop {
            if !self.interest.is_shown() {
                // By the time that somebody asks again, it would be old.
                self.queues.note(self.store.shard().number, None);
            }
            self.interest.shown().await;
            let least = EVERY.max(last * PAUSE_AFTER_LOOK);
            let most = EVERY_WHILE_QUIET.max(least);
            // The only shard is never quiet.
            let lease = if self.store.shard().has_others() {
                most
            } else {
                least
            } * LEASE;
            match self.look(&this, lease).await {
                Ok(sight) => {
                    self.outage.over();
                    last = sight.as_ref().map_or(Duration::ZERO, |sight| sight.took);
                    let pause = least.max(last * PAUSE_AFTER_LOOK);
                    if sight.is_some() && pause > least {
                        // Else another worker would look as long meanwhile. What it misses is its turn to look, no more.
                        self.store.is_observed_by(&this, pause * LEASE).await.ok();
                    }
                    self.queues.note(self.store.shard().number, sight);
                    self.store.rest(pause, most.max(pause)).await;
                }
                Err(error) => {
                    // What was seen before may not be so any more.
                    self.queues.note(self.store.shard().number, None);
                    // Another worker may be able to, and nobody waits for it.
                    tokio::time::sleep(self.outage.failed(&error).max(least * REST_AFTER_FAILURE)).await;
                }
            }
        }
    }

    /// A look, if it is for this worker to look.
    async fn look(&self, this: &Incarnation, lease: Duration) -> Result<Option<Sight>, StoreError> {
        if !self.store.is_observed_by(this, lease).await? {
            return Ok(None);
        }
        let began = Instant::now();
        let overview = self.store.observe().await?;
        let took = began.elapsed();
        // Some servers don't tell.
        let memory = self.store.memory_within(MEMORY_WITHIN).await.ok();
        Ok(Some(Sight {
            overview,
            memory: memory.map(|memory| (memory, memory.limit(self.budget))),
            took,
            top: self.top,
        }))
    }
}
