//! Entries of a log that were packed into blocks.

use std::collections::VecDeque;

use super::range::Order;
use super::{EntryId, LogEntry, LoggedAttempt, RawEntry};
use crate::{Store, StoreError};
use domain::id::{DeliveryId, EndpointId};
use history::LogDescriptor;

/// How many blocks are looked at for one that still has something for whoever follows.
const FOLLOWED: usize = 4;

/// How many blocks are searched for one delivery at a time.
const SEARCHED: usize = 8;

/// Which entries of a block are looked at, and how many are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Within {
    pub(crate) after: EntryId,
    pub(crate) before: EntryId,
    pub(crate) order: Order,
    pub(crate) most: usize,
}

impl Within {
    /// All, oldest first.
    pub(crate) const ALL: Self = Self {
        after: EntryId::MIN,
        before: EntryId::MAX,
        order: Order::OldestFirst,
        most: usize::MAX,
    };
}

impl Store {
    /// The entries of a block that somebody wants; `None` if the block has gone.
    pub(crate) async fn entries_of_block(
        &self,
        block: &LogDescriptor,
        within: Within,
        is_wanted: impl Fn(&RawEntry) -> bool + Send + 'static,
    ) -> Result<Option<Vec<RawEntry>>, StoreError> {
        // Reading many entries takes long as well, so that is done where they are unpacked, and for no more than are wanted.
        self.log_block_as(block, move |content| {
            let has = |entry: &history::Entry| {
                let id = EntryId::from(entry.place);
                id > within.after && id < within.before
            };
            let entries = content.entries.into_iter().filter(has);
            let wanted = |entry: &RawEntry| is_wanted(entry);
            match within.order {
                Order::OldestFirst => entries
                    .map(RawEntry::packed)
                    .filter(wanted)
                    .take(within.most)
                    .collect(),
                Order::NewestFirst => entries
                    .rev()
                    .map(RawEntry::packed)
                    .filter(wanted)
                    .take(within.most)
                    .collect(),
            }
        })
        .await
    }

    /// What comes behind a place in a block, oldest first and at most so many, before the first entry that the stream has; nothing if no
    /// block has anything there.
    pub(super) async fn next_packed(
        &self,
        endpoint: &EndpointId,
        after: EntryId,
        stream_from: EntryId,
        most: usize,
    ) -> Result<VecDeque<RawEntry>, StoreError> {
        let next = Within {
            after,
            before: stream_from,
            most,
            ..Within::ALL
        };
        for block in self.log_blocks_after(endpoint, after.into(), FOLLOWED).await? {
            if EntryId::from(block.first) >= stream_from {
                break;
            }
            let entries = self.entries_of_block(&block, next, |_| true).await?;
            let entries: VecDeque<_> = entries.into_iter().flatten().collect();
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
        Ok(VecDeque::new())
    }

    /// Those of these entries that are in blocks, oldest first. Each block is read once.
    pub(super) async fn packed_entries(
        &self,
        endpoint: &EndpointId,
        ids: &[EntryId],
    ) -> Result<Vec<RawEntry>, StoreError> {
        let mut found = Vec::new();
        for (block, within) in self.blocks_of(endpoint, ids).await? {
            let is_wanted = move |entry: &RawEntry| within.binary_search(&entry.id).is_ok();
            found.extend(
                self.entries_of_block(&block, Within::ALL, is_wanted)
                    .await?
                    .into_iter()
                    .flatten(),
            );
        }
        Ok(found)
    }

    /// The blocks that have these entries, oldest first, each with those that it has.
    pub(super) async fn blocks_of(
        &self,
        endpoint: &EndpointId,
        ids: &[EntryId],
    ) -> Result<Vec<(LogDescriptor, Vec<EntryId>)>, StoreError> {
        let (mut ids, mut found) = (ids.to_vec(), Vec::new());
        ids.sort_unstable();
        let mut left = ids.as_slice();
        while let Some((first, rest)) = left.split_first() {
            let after = first.just_before().into();
            let mut blocks = self.log_blocks_after(endpoint, after, 1).await?;
            let Some(block) = blocks.pop() else {
                break;
            };
            if *first < block.first.into() {
                left = rest;
                continue;
            }
            let last = block.last.into();
            let (within, behind) = left.split_at(left.partition_point(|id| *id <= last));
            found.push((block, within.to_vec()));
            left = behind;
        }
        Ok(found)
    }

    /// Searches the blocks that have entries from a place on, as far as the one that has `until`, for an attempt of a delivery. Answers the
    /// place behind which there is more to search, too.
    pub(super) async fn search_blocks(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        after: EntryId,
        until: EntryId,
    ) -> Result<(Option<LoggedAttempt>, EntryId), StoreError> {
        let mut after = after;
        for block in self.log_blocks_after(endpoint, after.into(), SEARCHED).await? {
            if EntryId::from(block.first) > until {
                break;
            }
            after = block.last.into();
            let sought = id.clone();
            let is_sought = move |entry: &RawEntry| {
                let attempt = entry.attempt();
                attempt.is_some_and(|attempt| attempt.delivery == sought)
            };
            let one = Within {
                most: 1,
                ..Within::ALL
            };
            let entries = self.entries_of_block(&block, one, is_sought).await?;
            let found = entries.into_iter().flatten().next();
            let found = found.and_then(RawEntry::known).and_then(LogEntry::into_attempt);
            if found.is_some() {
                return Ok((found, after));
            }
        }
        Ok((None, after))
    }
}
