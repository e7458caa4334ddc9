//! How much memory Redis uses of what it may, and how much upkeep has to free.
//!
//! At `maxmemory` Redis refuses new events, however many finished ones it keeps. So from 80 % on, upkeep lets go of the
//! payloads of finished events before their time, and only unfinished work can fill the store.

use super::info;
use crate::{Store, StoreError};

/// From this percentage of the limit on, finished payloads go before their time.
const ROOM_FROM: u64 = 80;

/// From this percentage on, workers look at the memory often.
const NEAR_FROM: u64 = 70;

/// A reading of the server's memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Bytes in use, without buffers that Redis doesn't count towards `maxmemory`.
    pub used: u64,
    /// `maxmemory`; `None` when there is none.
    pub max: Option<u64>,
}

impl Memory {
    /// What Redis may use: `maxmemory` or `budget` (`STORE_BUDGET_BYTES`), the smaller of both; `None` when there is neither.
    #[must_use]
    pub fn limit(&self, budget: Option<u64>) -> Option<u64> {
        match (self.max, budget) {
            (Some(max), Some(budget)) => Some(max.min(budget)),
            (max, budget) => max.or(budget),
        }
    }

    /// Bytes in use above 80 % of the limit: so much has to be freed.
    #[must_use]
    pub fn excess(&self, budget: Option<u64>) -> u64 {
        self.above(ROOM_FROM, budget)
    }

    /// Whether the memory in use is close to those 80 %.
    #[must_use]
    pub fn is_near(&self, budget: Option<u64>) -> bool {
        self.above(NEAR_FROM, budget) > 0
    }

    fn above(&self, percent: u64, budget: Option<u64>) -> u64 {
        let Some(limit) = self.limit(budget) else {
            return 0;
        };
        let allowed = u128::from(limit) * u128::from(percent) / 100;
        self.used
            .saturating_sub(u64::try_from(allowed).unwrap_or(u64::MAX))
    }

    /// From `INFO memory`; `None` when it doesn't tell.
    pub(crate) fn read(info: &str) -> Option<Self> {
        let field = |name| info::field(info, name).and_then(|value| value.parse::<u64>().ok());
        let used = field("used_memory")?;
        Some(Self {
            used: used.saturating_sub(field("mem_not_counted_for_evict").unwrap_or(0)),
            max: field("maxmemory").filter(|max| *max > 0),
        })
    }
}

impl Store {
    /// Reads how much memory the server uses.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; [`StoreError::Unexpected`] where `INFO` is not allowed.
    pub async fn memory(&self) -> Result<Memory, StoreError> {
        self.guard().ensure_ours()?;
        let info = self.info(&["memory"]).await?;
        Memory::read(&info)
            .ok_or_else(|| StoreError::Unexpected("INFO memory tells no used_memory".to_owned()))
    }
}

#[cfg(test)]
mod tests;
