//! Packs what is finished into blocks of history: finds a series that has enough, reads, packs and writes one block, and rests.
//! Every worker does it, and any one is enough: a block that another has forestalled is refused.
//!
//! Nobody waits for what is packed, but whoever calls Redis waits for some milliseconds while a block is read and written. So blocks come
//! seldom, and more often the longer ago they could have been packed, or the longer there has always been something to pack: no more often than
//! is needed to keep up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::history::{NewBlock, Written};
use store::{Store, StoreError};

use crate::backend::slots::Slots;
use crate::gauge::Gauge;
use crate::metrics::{HistoryMetrics, LOGS, PAYLOADS};
use crate::outage::Outage;
use crate::stop::Stop;

/// How long it waits when there is nothing to pack.
const EVERY: Duration = Duration::from_secs(2);

/// How long while nothing happens in the shard.
const EVERY_WHILE_QUIET: Duration = Duration::from_secs(10);

/// How many times as long as a step took it rests afterwards, at least. While memory is short it goes on at once.
const RESTS: u32 = 4;

/// How long after one block all workers of the shard together begin the next, if it could have been packed just now.
const PACE: Duration = Duration::from_secs(2);

/// What could have been packed so long ago is late, and so is all if there has been something to pack for so long: the pace is not kept any more.
const LATE: Duration = Duration::from_secs(300);

/// The longest that one of many workers rests for the sake of that pace, so that it soon sees that memory has become short.
const LONGEST_REST: Duration = Duration::from_secs(30);

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
    pub(crate) metrics: HistoryMetrics,
    pub(crate) stop: Stop,
    pub(crate) outage: Outage,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It has written a block.
    Wrote {
        /// For how long that could have been packed.
        behind: Duration,
        /// How many workers pack in this shard.
        workers: u32,
    },
    /// There may be more to find.
    Went,
    /// There was nothing to do.
    Idle,
}

impl Packing {
    /// Runs until the worker stops.
    pub(crate) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let (mut from, mut gave_way) = (0, None);
        let mut busy_since: Option<Instant> = None;
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
                            (quiet, busy_since) = (EVERY_WHILE_QUIET, None);
                        } else {
                            busy_since = busy_since.or(Some(began));
                        }
                        let busy_for = busy_since.map_or(Duration::ZERO, |since| since.elapsed());
                        rest_after(step, began.elapsed(), busy_for, is_pressed)
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
            Written::Done => {
                let behind = self.store.overdue(&block, &found);
                self.count(&block, (!found.takes_little).then_some(behind));
                let workers = self.store.worker_count().await?;
                Ok(Step::Wrote { behind, workers })
            }
            // Another worker was first, or something was sent again: the next step sees what there is now.
            Written::Changed | Written::Older => Ok(Step::Went),
        }
    }
}

impl Packing {
    /// Counts a block that was written, and for how long it could have been, if it is a full one. One with nothing in it is none.
    fn count(&self, block: &NewBlock, behind: Option<Duration>) {
        if block.is_empty() {
            return;
        }
        let of = &[if block.is_log() { LOGS } else { PAYLOADS }];
        let (unpacked, packed) = (block.unpacked_bytes(), block.packed_bytes());
        self.metrics.blocks.with_label_values(of).inc();
        self.metrics.unpacked.with_label_values(of).inc_by(unpacked);
        self.metrics.packed.with_label_values(of).inc_by(packed);
        if let Some(behind) = behind.filter(|_| !block.is_log()) {
            self.metrics.behind.set(self.store.shard(), behind.as_secs_f64());
        }
        tracing::debug!(block = %block.id, unpacked, packed, "packed a block of history");
    }
}

/// How long until the next step, if there has been something to do for so long.
fn rest_after(step: Step, took: Duration, busy_for: Duration, is_pressed: bool) -> Duration {
    let rests = took * RESTS;
    match step {
        Step::Idle => EVERY,
        Step::Wrote { .. } | Step::Went if is_pressed => Duration::ZERO,
        Step::Wrote { behind, workers } => rests.max(pace(behind.max(busy_for), workers)),
        Step::Went => rests,
    }
}

/// How long one of so many workers rests for the sake of the pace after a block that was so late.
fn pace(late: Duration, workers: u32) -> Duration {
    let in_time = 1.0 - late.min(LATE).div_duration_f64(LATE);
    (PACE.mul_f64(in_time) * workers.max(1)).min(LONGEST_REST)
}

#[cfg(test)]
mod tests;
