//! Packs what is finished into blocks of history: finds a series that has enough, reads, packs and writes one block, and rests
//! for several times as long. Every worker does it, and any one is enough: a block that another has forestalled is refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::history::{NewBlock, Written};
use store::{Store, StoreError};

use crate::backend::slots::Slots;
use crate::clock::Clock;
use crate::gauge::Gauge;
use crate::metrics::{HistoryMetrics, LOGS, PAYLOADS};
use crate::outage::Outage;
use crate::stop::Stop;

/// How long it waits when there is nothing to pack.
const EVERY: Duration = Duration::from_secs(2);

/// How long while nothing happens in the shard.
const EVERY_WHILE_QUIET: Duration = Duration::from_secs(10);

/// How many times as long as a step took it rests afterwards. While memory is short it goes on at once.
const RESTS: u32 = 4;

/// Delivering comes first, but for no longer than this: what isn't packed takes memory.
const GIVES_WAY_FOR: Duration = Duration::from_secs(10);

/// What packing works with.
#[derive(Debug)]
pub(crate) struct Packing {
    pub(crate) store: Store,
    pub(crate) gauge: Gauge,
    pub(crate) slots: Arc<Slots>,
    /// How many slots there are.
    pub(crate) capacity: u32,
    pub(crate) clock: Clock,
    pub(crate) metrics: HistoryMetrics,
    pub(crate) stop: Stop,
    pub(crate) outage: Outage,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It has written a block, or there may be more to find.
    Went,
    /// There was nothing to do.
    Idle,
}

impl Packing {
    /// Runs until the worker stops.
    pub(crate) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let (mut from, mut gave_way) = (0, None);
        loop {
            let is_pressed = self.gauge.read().await.is_near;
            let began = Instant::now();
            let mut quiet = Duration::ZERO;
            let wait = if !is_pressed && self.gives_way(&mut gave_way) {
                EVERY / 4
            } else {
                match self.step(&mut from, is_pressed).await {
                    Ok(step) => {
                        self.outage.over();
                        if step == Step::Idle {
                            quiet = EVERY_WHILE_QUIET;
                        }
                        rest_after(step, began.elapsed(), is_pressed)
                    }
                    Err(error) => self.outage.failed(&error).max(EVERY),
                }
            };
            tokio::select! {
                () = self.gauge.rest(wait, wait.max(quiet), None) => {}
                () = stop.requested() => return,
            }
        }
    }

    /// Whether delivering needs this worker now.
    fn gives_way(&self, since: &mut Option<Instant>) -> bool {
        if self.slots.held() * 2 < self.capacity as usize {
            *since = None;
            return false;
        }
        let since = since.get_or_insert_with(Instant::now);
        since.elapsed() < GIVES_WAY_FOR
    }

    /// Packs one block, if there is one to pack.
    async fn step(&self, from: &mut u32, is_pressed: bool) -> Result<Step, StoreError> {
        let Some(found) = self.store.find_unpacked(from, is_pressed).await? else {
            if *from > 0 {
                return Ok(Step::Went);
            }
            self.metrics.behind.set(self.store.shard(), 0.0);
            return Ok(Step::Idle);
        };
        let Some(unpacked) = self.store.read_unpacked(&found).await? else {
            return Ok(Step::Went);
        };
        let packed = tokio::task::spawn_blocking(move || unpacked.pack()).await;
        let block = packed.map_err(|error| StoreError::Unexpected(error.to_string()))??;
        match self.store.write_block(&block).await? {
            Written::Done => self.count(&block, !found.takes_little),
            // Another worker was first, or something was sent again: the next step sees what there is now.
            Written::Changed | Written::Older => {}
        }
        Ok(Step::Went)
    }
}

impl Packing {
    /// Counts a block that was written.
    fn count(&self, block: &NewBlock, is_full: bool) {
        let of = &[if block.is_log() { LOGS } else { PAYLOADS }];
        let (unpacked, packed) = (block.unpacked_bytes(), block.packed_bytes());
        self.metrics.blocks.with_label_values(of).inc();
        self.metrics.unpacked.with_label_values(of).inc_by(unpacked);
        self.metrics.packed.with_label_values(of).inc_by(packed);
        if is_full && !block.is_log() {
            let age = self.clock.now().as_millis().saturating_sub(block.newest());
            let behind = behind(Duration::from_millis(age)).as_secs_f64();
            self.metrics.behind.set(self.store.shard(), behind);
        }
        tracing::debug!(block = %block.id, unpacked, packed, "packed a block of history");
    }
}

/// For how long a full block could have been packed whose newest event finished so long ago.
fn behind(age: Duration) -> Duration {
    age.saturating_sub(store::history::PACKED_AFTER)
}

/// How long until the next step.
fn rest_after(step: Step, took: Duration, is_pressed: bool) -> Duration {
    match (step, is_pressed) {
        (Step::Idle, _) => EVERY,
        (Step::Went, true) => Duration::ZERO,
        (Step::Went, false) => took * RESTS,
    }
}

#[cfg(test)]
mod tests;
