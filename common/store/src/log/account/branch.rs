//! The log of one endpoint among several, as far as it was read.

use std::collections::VecDeque;

use super::super::{EndpointStanding, EntryId, RawEntry};
use crate::{Store, StoreError};
use domain::id::EndpointId;
use history::LogDescriptor;

/// How many descriptors of blocks are known ahead.
const DESCRIPTORS: usize = 16;

/// The log of one endpoint, as far as it was read.
pub(super) struct Branch {
    pub(super) endpoint: EndpointId,
    pub(super) standing: Option<EndpointStanding>,
    /// What comes next.
    pub(super) ahead: VecDeque<RawEntry>,
    /// What is before this place was not read yet.
    pub(super) before: EntryId,
    /// Whether the stream was read to its end.
    pub(super) is_streamed: bool,
    /// Blocks that come next, newest first; `None`: their index was not read on.
    pub(super) blocks: Option<VecDeque<LogDescriptor>>,
    /// Whether there are no more behind those.
    pub(super) has_all_blocks: bool,
}

impl Branch {
    pub(super) const fn new(endpoint: EndpointId, before: EntryId) -> Self {
        Self {
            endpoint,
            standing: None,
            ahead: VecDeque::new(),
            before,
            is_streamed: false,
            blocks: None,
            has_all_blocks: false,
        }
    }

    /// The place of what comes next, as far as that is known.
    pub(super) fn place(&self) -> Option<EntryId> {
        match self.ahead.front() {
            Some(entry) => Some(entry.id),
            None => Some(EntryId::from(self.block()?.last).min(self.before.just_before())),
        }
    }

    /// The block that comes next, if that is no entry.
    pub(super) fn block(&self) -> Option<&LogDescriptor> {
        let is_next = self.ahead.is_empty();
        self.blocks.as_ref().filter(|_| is_next)?.front()
    }

    pub(super) fn lacks_entries(&self) -> bool {
        self.ahead.is_empty() && !self.is_streamed
    }

    pub(super) fn lacks_blocks(&self) -> bool {
        let has_block = self.blocks.as_ref().is_some_and(|blocks| !blocks.is_empty());
        self.ahead.is_empty() && self.is_streamed && !has_block && !self.has_all_blocks
    }

    /// Adds the next piece of the stream, of which so many entries were asked.
    pub(super) fn add(&mut self, piece: Option<(EndpointStanding, Vec<RawEntry>)>, asked: usize) {
        let Some((standing, entries)) = piece else {
            // It was removed meanwhile.
            (self.is_streamed, self.has_all_blocks) = (true, true);
            return;
        };
        self.is_streamed = entries.len() < asked;
        self.standing = Some(standing);
        self.ahead = entries.into();
    }

    pub(super) async fn find_blocks(&mut self, store: &Store, since: EntryId) -> Result<(), StoreError> {
        let since = since.time().as_millis();
        let blocks = store
            .log_blocks_before(&self.endpoint, self.before.into(), since, DESCRIPTORS)
            .await?;
        self.has_all_blocks = blocks.len() < DESCRIPTORS;
        self.blocks = Some(blocks.into());
        Ok(())
    }
}
