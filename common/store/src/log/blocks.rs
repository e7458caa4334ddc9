//! Entries of a log that were packed into blocks.

use super::{EntryId, LogEntry, LoggedAttempt, RawEntry};
use crate::{Store, StoreError};
use domain::id::{DeliveryId, EndpointId};
use history::LogDescriptor;

/// How many blocks are searched for one delivery at a time.
const SEARCHED: usize = 8;

impl Store {
    /// Those of these entries that are in blocks, oldest first. Each block is read once.
    pub(super) async fn packed_entries(
        &self,
        endpoint: &EndpointId,
        ids: &[EntryId],
    ) -> Result<Vec<RawEntry>, StoreError> {
        let mut found = Vec::new();
        for (block, within) in self.blocks_of(endpoint, ids).await? {
            if let Some(block) = self.log_block(&block).await? {
                let entries = block.entries.into_iter();
                let wanted = entries.filter(|entry| within.binary_search(&entry.place.into()).is_ok());
                found.extend(wanted.map(RawEntry::packed));
            }
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
            let entries = self.log_block(&block).await?.map(|block| block.entries);
            // Most entries are of other deliveries: reading them whole would take longer than unpacking them.
            let mut of_delivery = entries.into_iter().flatten().filter(|entry| {
                let mut values = entry.fields.iter().map(|(_, value)| value);
                values.any(|value| value.starts_with(id.as_str()))
            });
            let found = of_delivery.find_map(|entry| {
                let attempt = RawEntry::packed(entry).known().and_then(LogEntry::into_attempt);
                attempt.filter(|attempt| attempt.delivery == *id)
            });
            if found.is_some() {
                return Ok((found, after));
            }
        }
        Ok((None, after))
    }
}
