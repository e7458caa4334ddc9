//! Taking an event out of the blocks that have it.

use ::history::{BlockId, Class, EventsBlock, EventsDescriptor, pack_events, unpack_events};
use domain::id::{AccountId, EventId};

use super::Written;
use super::event_blocks::Search;
use crate::decode::unexpected;
use crate::scripts::script;
use crate::{Store, StoreError};

/// How often the search for an event begins again because a block has changed meanwhile.
pub(super) const SEARCHES: usize = 32;

script! {
    /// Puts a block in the place of another one, which had an event more, or more of it.
    "history_replace": AllowOom, Writes, needs [BLOCKS, HERE];
    struct HistoryReplace<'a> {
        account: &'a AccountId,
        class: &'a str,
        owner: &'a str,
        old: String,
        block: String,
        content: &'a [u8],
        descriptor: &'a str
    } -> Written
}

script! {
    /// From here on no block is written that was made of what an account had finished before.
    "history_forestall": AllowOom, Writes, needs [FINISHED, HERE];
    struct HistoryForestall<'a> { account: &'a AccountId } -> ()
}

impl Store {
    /// Takes an event out of every block that has it, each in one step: the block is written anew without it, under another id, so
    /// that whoever has read the old one is refused. Answers in how many it was. Repeating it changes nothing.
    ///
    /// What is beside the blocks (`event:<v>`) goes first, by the caller. A block that was made of it before and is written meanwhile is
    /// found here, and from the beginning of this on it is refused.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the blocks change faster than they are read; then the event may still be in some.
    pub async fn erase_packed(&self, account: &AccountId, event: &EventId) -> Result<u32, StoreError> {
        self.call(&HistoryForestall { account }).await?;
        let mut erased = 0;
        for class in [Class::Exhausted, Class::Delivered] {
            let mut searches = 0..SEARCHES;
            while !self.erase_from_class(account, class, event, &mut erased).await? {
                searches
                    .next()
                    .ok_or_else(|| unexpected("blocks that stay as they are"))?;
            }
        }
        Ok(erased)
    }

    /// Returns whether each block was still as it was read.
    async fn erase_from_class(
        &self,
        account: &AccountId,
        class: Class,
        event: &EventId,
        erased: &mut u32,
    ) -> Result<bool, StoreError> {
        let sought = std::slice::from_ref(event);
        let mut search = Search::of(class, sought);
        while let Some(blocks) = self.next_blocks(account, &mut search, sought).await? {
            for descriptor in blocks {
                let Some(block) = self.block(&descriptor.block, unpack_events).await? else {
                    // It has gone, or was written anew.
                    return Ok(false);
                };
                if block.account != *account || !block.events.iter().any(|one| one.id == *event) {
                    continue;
                }
                if self.replace(&descriptor, block, event).await? != Written::Done {
                    return Ok(false);
                }
                *erased += 1;
            }
        }
        Ok(true)
    }

    async fn replace(
        &self,
        old: &EventsDescriptor,
        block: EventsBlock,
        without: &EventId,
    ) -> Result<Written, StoreError> {
        let (id, account, class) = (BlockId::random(), block.account.clone(), block.class);
        let pack = {
            let (id, without) = (id.clone(), without.clone());
            move || {
                let mut block = block;
                block.events.retain(|event| event.id != without);
                if block.events.is_empty() {
                    return Ok((Vec::new(), String::new()));
                }
                let packed = pack_events(&id, &block.account, block.class, &block.events)?;
                Ok::<_, ::history::Oversized>((packed.bytes, packed.descriptor.to_string()))
            }
        };
        let packed = tokio::task::spawn_blocking(pack).await;
        let packed = packed.map_err(|error| StoreError::Unexpected(error.to_string()))?;
        let (content, descriptor) = packed.map_err(|error| unexpected(&error.to_string()))?;
        self.call(&HistoryReplace {
            account: &account,
            class: class.as_str(),
            owner: account.as_str(),
            old: old.to_string(),
            block: id.to_string(),
            content: &content,
            descriptor: &descriptor,
        })
        .await
    }
}
