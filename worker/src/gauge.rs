//! How much memory Redis has left: upkeep reads it before each step, and makes room when it is short.
//!
//! Each worker goes by its own reading, so together they may free more than was needed: by one step of each at most. Shards on one server share
//! a reading, unless it says that memory is short.

use std::time::{Duration, Instant};

use domain::seldom::Seldom;
use store::queue::UpkeepReply;
use store::server::Memory;
use store::{Store, StoreError};

/// How often upkeep looks while memory may soon be short.
const SOON: Duration = Duration::from_millis(100);

/// How often it looks while memory is short and nothing that is finished could go.
const BLOCKED: Duration = Duration::from_millis(500);

/// How long what was read for another shard on the same server is believed, and how long where nothing happens.
const BELIEVED_FOR: Duration = Duration::from_secs(1);
const BELIEVED_WHILE_QUIET: Duration = Duration::from_secs(4);

/// How often whoever rests in a quiet shard sees what was read for others.
const SEES_EVERY: Duration = Duration::from_secs(2);

/// How often the log says that payloads go before their time.
const SAY_EVERY: Duration = Duration::from_secs(600);

/// What a look at Redis's memory showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Bytes that have to be freed.
    pub(crate) excess: u64,
    /// Whether some may have to be freed soon.
    pub(crate) is_near: bool,
    /// What Redis may use, if there is a limit.
    pub(crate) limit: Option<u64>,
}

/// Looks at Redis's memory.
#[derive(Debug)]
pub(crate) struct Gauge {
    store: Store,
    /// `STORE_BUDGET_BYTES`.
    budget: Option<u64>,
    is_refused: bool,
    /// How many payloads went before their time.
    went_early: Seldom,
}

impl Gauge {
    pub(crate) const fn new(store: Store, budget: Option<u64>) -> Self {
        Self {
            store,
            budget,
            is_refused: false,
            went_early: Seldom::every(SAY_EVERY),
        }
    }

    /// Looks at Redis's memory. If Redis doesn't say, nothing has to go.
    pub(crate) async fn read(&mut self) -> Reading {
        match self.memory().await {
            Ok(memory) => Reading {
                excess: memory.excess(self.budget),
                is_near: memory.is_near(self.budget),
                limit: memory.limit(self.budget),
            },
            Err(StoreError::Unexpected(error)) if !self.is_refused => {
                self.is_refused = true;
                tracing::warn!(
                    error,
                    "Redis doesn't tell how much memory it uses, so finished payloads go at their age alone: allow `INFO`"
                );
                Reading::default()
            }
            // Upkeep's next call fails as well, and reports the outage.
            Err(_) => Reading::default(),
        }
    }

    async fn memory(&self) -> Result<Memory, StoreError> {
        if !self.store.shard().has_others() {
            return self.store.memory().await;
        }
        let is_quiet = self.store.quiet_since().is_some();
        let believed_for = if is_quiet {
            BELIEVED_WHILE_QUIET
        } else {
            BELIEVED_FOR
        };
        let memory = self.store.memory_within(believed_for).await?;
        if memory.is_near(self.budget) {
            return self.store.memory_within(Duration::ZERO).await;
        }
        Ok(memory)
    }

    /// Waits for `wait`, for up to so long `while_quiet`, or until room has to be made.
    pub(crate) async fn rest(&mut self, wait: Duration, while_quiet: Duration, look_every: Option<Duration>) {
        let began = Instant::now();
        let Some(look_every) = look_every else {
            tokio::time::sleep(wait).await;
            while let Some(left) = while_quiet
                .checked_sub(began.elapsed())
                .filter(|left| !left.is_zero())
                && self.store.quiet_since().is_some()
                && !self.read().await.is_near
            {
                self.store.rest(Duration::ZERO, left.min(SEES_EVERY)).await;
            }
            return;
        };
        while let Some(left) = wait.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
            tokio::time::sleep(look_every.min(left)).await;
            if self.read().await.excess > 0 {
                return;
            }
        }
    }

    /// Logs, now and then, that payloads went before their time.
    pub(crate) fn made_room(&mut self, payloads: u64) {
        if let Some(payloads) = self.went_early.add(payloads, Instant::now()) {
            tracing::warn!(
                payloads,
                "memory is short, so payloads of finished events go before their time and can't be sent again"
            );
        }
    }
}

/// How often to look at the memory until the next step; `None` for not at all.
pub(crate) fn look_every(reading: Reading, reply: &UpkeepReply) -> Option<Duration> {
    match reading {
        Reading { is_near: false, .. } => None,
        Reading { excess: 1.., .. } if reply.early.payloads == 0 => Some(BLOCKED),
        Reading { .. } => Some(SOON),
    }
}

#[cfg(test)]
mod tests;
