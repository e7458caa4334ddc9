//! One of the logs that are followed together.

use std::collections::VecDeque;

use super::super::{EntryId, RawEntry};
use crate::{Store, StoreError};
use domain::id::EndpointId;

/// How many entries of a block are held for those who take them.
const HELD: usize = 128;

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
        if let Some(first) = entries.first() {
            let packed = store
                .next_packed(&self.endpoint, self.after, first.id, HELD)
                .await?;
            if !packed.is_empty() {
                (self.ahead, self.is_behind) = (packed, true);
                return Ok(());
            }
        }
        self.is_behind = entries.len() == asked;
        self.ahead = entries.into();
        Ok(())
    }
}
