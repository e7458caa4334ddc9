//! What is finished moves out of the way: finished events with their payloads, and entries of endpoints' logs, are packed into
//! compressed blocks (the crate `history`), each in the place of what it has.
//!
//! - `packing`: the steps of that: find, read, pack, write.
//! - `blocks`: reading blocks: the one door for whoever wants what has been packed.

mod blocks;

mod packing;

pub(crate) use blocks::{HistoryBlocks, HistoryProbe};
pub use packing::{Found, NewBlock, Series, Unpacked, UnpackedEvents, UnpackedLog, Written};
pub(crate) use packing::{
    HistoryFind, HistoryReadEvents, HistoryReadLog, HistoryWriteEvents, HistoryWriteLog,
};
