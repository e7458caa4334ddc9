//! What is finished moves out of the way: finished events with their payloads, and entries of endpoints' logs, are packed into
//! compressed blocks (the crate `history`), each in the place of what it has. Whoever wants what was packed asks here.
//!
//! A block may go at any time, the oldest of its series first. So whoever doesn't find it goes on as if it had gone before.
//!
//! - `packing`: the steps of that: find, read, pack, write.
//! - `log_blocks`: reading blocks of an endpoint's log.
//! - `event_blocks`: reading blocks of an account's finished events, and which of them has an event.
//! - `answers`: what an entry of a log has of a receiver's answer.
//! - `erasing`, `erasing_answers`: taking an event out of them, and what receivers answered to it.
//! - `operator`: what an operator reads, without scripts.

mod answers;

mod erasing;

mod erasing_answers;

mod event_blocks;

mod log_blocks;

mod operator;

mod packing;

pub(crate) use erasing::{HistoryForestall, HistoryReplace};
pub(crate) use event_blocks::HistoryLookup;
pub use event_blocks::PackedEvent;
pub use packing::{Found, NewBlock, Series, Unpacked, UnpackedEvents, UnpackedLog, Written};
pub(crate) use packing::{
    HEALTH_LOOKS_AT, HistoryFind, HistoryReadEvents, HistoryWriteEvents, HistoryWriteLog, LONG_LOG,
};

use ::history::{BlockId, Corrupt};

use crate::{Store, StoreError};

impl Store {
    /// A block, unpacked; `None` if it has gone. One that can't be read is left out, and an operator hears of it.
    async fn block<B: Send + 'static>(
        &self,
        id: &BlockId,
        unpack: impl FnOnce(&[u8]) -> Result<B, Corrupt> + Send + 'static,
    ) -> Result<Option<B>, StoreError> {
        let mut get = redis::cmd("GET");
        get.arg(self.keys().key(&format!("block:{id}")));
        let bytes: Option<Vec<u8>> = self
            .query(&get)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(None))?;
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        // It takes a few milliseconds, which others would wait for.
        let unpacked = tokio::task::spawn_blocking(move || unpack(&bytes)).await;
        match unpacked {
            Ok(Ok(block)) => Ok(Some(block)),
            Ok(Err(corrupt)) => {
                tracing::error!(block = %id, "a block of history can't be read and is left out: {corrupt}");
                Ok(None)
            }
            Err(error) => Err(StoreError::Unexpected(error.to_string())),
        }
    }
}
