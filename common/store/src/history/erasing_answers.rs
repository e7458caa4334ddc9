//! Taking what receivers answered to an event's attempts out of the blocks of a log.

use ::history::{BlockId, LogBlock, LogDescriptor, Place, pack_log, unpack_log};
use domain::id::{AccountId, EndpointId, EventId};

use super::Written;
use super::answers::forget_answer;
use super::erasing::{HistoryReplace, SEARCHES};
use crate::decode::unexpected;
use crate::{Store, StoreError};

/// How many blocks one call looks at.
const BLOCKS: usize = 32;

impl Store {
    /// Takes what receivers answered to an event's attempts out of every block of an endpoint's log that has entries of `since` (ms) or
    /// later, each in one step. Answers in how many it was. Repeating it changes nothing.
    ///
    /// What isn't packed goes first, by the caller: what was read of that before is refused, or has been written by then and is found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the blocks change faster than they are read; then some may still have it.
    pub(crate) async fn erase_packed_answers(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        event: &EventId,
        since: u64,
    ) -> Result<u32, StoreError> {
        let (mut erased, mut changed) = (0, 0);
        let mut after = Place { ms: since, number: 0 };
        loop {
            let blocks = self.log_blocks_after(endpoint, after, BLOCKS).await?;
            let Some(last) = blocks.last().map(|block| block.last) else {
                return Ok(erased);
            };
            let mut next = last;
            for descriptor in blocks.iter().filter(|block| may_have_answers(block)) {
                match self
                    .erase_answers_in(account, endpoint, descriptor, event)
                    .await?
                {
                    Some(is_rewritten) => erased += u32::from(is_rewritten),
                    None if changed == SEARCHES => return Err(unexpected("blocks that stay as they are")),
                    None => {
                        // It has gone, or was written anew: once more from where this look began.
                        (next, changed) = (after, changed + 1);
                        break;
                    }
                }
            }
            after = next;
        }
    }

    /// Returns whether the block had any; `None` if it is no longer as it was.
    async fn erase_answers_in(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        descriptor: &LogDescriptor,
        event: &EventId,
    ) -> Result<Option<bool>, StoreError> {
        let (id, owner) = (BlockId::random(), account.clone());
        let (new_id, event) = (id.clone(), event.clone());
        let rewrite = move |bytes: &[u8]| {
            let LogBlock {
                endpoint,
                mut entries,
            } = unpack_log(bytes)?;
            let mut had_some = false;
            for entry in &mut entries {
                had_some |= forget_answer(entry, &event);
            }
            Ok(had_some.then(|| pack_log(&new_id, &owner, &endpoint, &entries)))
        };
        let Some(rewritten) = self.block(&descriptor.block, rewrite).await? else {
            return Ok(None);
        };
        let Some(packed) = rewritten else {
            return Ok(Some(false));
        };
        let packed = packed.map_err(|error| unexpected(&error.to_string()))?;
        let written = self
            .call(&HistoryReplace {
                account,
                class: "log",
                owner: endpoint.as_str(),
                old: descriptor.to_string(),
                block: id.to_string(),
                content: &packed.bytes,
                descriptor: &packed.descriptor.to_string(),
            })
            .await?;
        Ok((written == Written::Done).then_some(true))
    }
}

/// Only failures have answers.
fn may_have_answers(block: &LogDescriptor) -> bool {
    block.outcomes.is_empty()
        || block
            .outcomes
            .iter()
            .any(|(outcome, count)| outcome != "succeeded" && *count > 0)
}
