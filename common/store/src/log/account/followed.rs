//! One of the logs that are followed together.

use std::collections::VecDeque;

use super::super::{EntryId, RawEntry, Within};
use crate::{Store, StoreError};
use domain::id::EndpointId;

/// How many entries of a block are held for those who take them, and how many blocks are looked at for one that still has something.
const HELD: usize = 128;
const BLOCKS: usize = 4;

/// A log that is followed, as far as it was read.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) endpoint: EndpointId,
    pub(super) key: String,
    pub(super) after: EntryId,
    /// The same before the last look.
    pub(super) before: EntryId,
    /// What comes next; of a block, as a rule.
    pub(super) ahead: VecDeque<RawEntry>,
    /// Whether the last look left something of it, and the one before.
    pub(super) is_behind: bool,
    pub(super) was_behind: bool,
}

impl Branch {
    pub(super) const fn new(endpoint: EndpointId, key: String, after: EntryId) -> Self {
        Self {
            endpoint,
            key,
            after,
            before: after,
            ahead: VecDeque::new(),
            is_behind: false,
            was_behind: false,
        }
    }

    /// Notes what comes next: of a block if it was packed, else of the stream, of which so many entries were asked.
    pub(super) async fn take_in(
        &mut self,
        store: &Store,
        entries: Vec<RawEntry>,
        asked: usize,
    ) -> Result<(), StoreError> {
        if !self.ahead.is_empty() {
            // Those of the stream are read again.
            self.is_behind = true;
            return Ok(());
        }
        // The newest entries are never packed.
        if let Some(first) = entries.first()
            && let Some(packed) = self.find_packed(store, first.id).await?
        {
            (self.ahead, self.is_behind) = (packed, true);
            return Ok(());
        }
        self.is_behind = entries.len() == asked;
        self.ahead = entries.into();
        Ok(())
    }

    /// What comes next in a block, before the first entry that the stream has.
    async fn find_packed(
        &self,
        store: &Store,
        stream_from: EntryId,
    ) -> Result<Option<VecDeque<RawEntry>>, StoreError> {
        let after = self.after;
        let blocks = store
            .log_blocks_after(&self.endpoint, after.into(), BLOCKS)
            .await?;
        for block in blocks {
            if EntryId::from(block.first) >= stream_from {
                break;
            }
            let next = Within {
                after,
                before: stream_from,
                most: HELD,
                ..Within::ALL
            };
            let entries = store.entries_of_block(&block, next, |_| true).await?;
            let entries: VecDeque<_> = entries.into_iter().flatten().collect();
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
        }
        Ok(None)
    }
}
