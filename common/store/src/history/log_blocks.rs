//! Blocks of an endpoint's log: which there are, and what is in them.
//!
//! Their index has them in order, by the time of the newest entry in each, and they don't overlap. Entries never move but from the
//! head of the stream into a block, in one step. So whoever reads the stream first and the index afterwards misses none: what was not
//! in the stream then was in a block already. Some may be in both; places tell.

use ::history::{LogBlock, LogDescriptor, Place, unpack_log};
use domain::id::EndpointId;

use crate::{Store, StoreError};

/// How many blocks that reach beyond a place are looked at, to find those that begin before it: more than one only if entries of
/// one millisecond are in several.
const BEYOND: usize = 4;

impl Store {
    /// The newest blocks that have entries before a place, newest first, at most about so many. None is left out but those all of
    /// whose entries are older than `since` (ms).
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn log_blocks_before(
        &self,
        endpoint: &EndpointId,
        before: Place,
        since: u64,
        most: usize,
    ) -> Result<Vec<LogDescriptor>, StoreError> {
        let index = self.log_index(endpoint);
        let mut beyond = redis::cmd("ZRANGE");
        beyond.arg(&index).arg(before.ms).arg("+inf").arg("BYSCORE");
        beyond.arg("LIMIT").arg(0).arg(BEYOND);
        let mut found = self.descriptors(&beyond).await?;
        found.retain(|block| block.first < before && block.last.ms >= since);
        found.reverse();

        let mut older = redis::cmd("ZRANGE");
        older.arg(&index).arg(format!("({}", before.ms)).arg(since);
        older.arg("BYSCORE").arg("REV").arg("LIMIT").arg(0).arg(most);
        found.extend(self.descriptors(&older).await?);
        Ok(found)
    }

    /// The oldest blocks that have entries behind a place, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn log_blocks_after(
        &self,
        endpoint: &EndpointId,
        after: Place,
        most: usize,
    ) -> Result<Vec<LogDescriptor>, StoreError> {
        let mut newer = redis::cmd("ZRANGE");
        newer.arg(self.log_index(endpoint)).arg(after.ms).arg("+inf");
        newer.arg("BYSCORE").arg("LIMIT").arg(0).arg(most + 1);
        let mut found = self.descriptors(&newer).await?;
        found.retain(|block| block.last > after);
        found.truncate(most);
        Ok(found)
    }

    /// What somebody makes of a block of a log; `None` if it has gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub(crate) async fn log_block_as<T: Send + 'static>(
        &self,
        block: &LogDescriptor,
        read: impl FnOnce(LogBlock) -> T + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        self.block(&block.block, |bytes| unpack_log(bytes).map(read))
            .await
    }

    /// What is in a block of a log; `None` if it has gone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn log_block(&self, block: &LogDescriptor) -> Result<Option<LogBlock>, StoreError> {
        self.log_block_as(block, |content| content).await
    }

    fn log_index(&self, endpoint: &EndpointId) -> String {
        self.keys().key(&format!("blocks:log:{endpoint}"))
    }

    /// What a range of an index says, without what says nothing that this version knows.
    async fn descriptors(&self, range: &redis::Cmd) -> Result<Vec<LogDescriptor>, StoreError> {
        let found: Vec<String> = self
            .query(range)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
        Ok(found.iter().filter_map(|text| text.parse().ok()).collect())
    }
}
