//! What is finished is packed into *blocks*: one text in Redis each, compressed, with a *descriptor* in an index that says what
//! is in it. This crate knows what a block looks like, and does no I/O.
//!
//! There are two kinds. A block of *events* has finished events of one account and class with their payloads; a block of a *log*
//! has entries of one endpoint's log. In both, values of one kind stand together in a column (`columns`), since they resemble each
//! other more than they resemble their neighbours; each column is compressed by itself. What is random, such as half of an id, is
//! stored as it is.
//!
//! Whatever bytes it gets, unpacking neither panics nor makes more than a few megabytes of them.
//!
//! - `events`, `log`: the two kinds; `attempt` is how the log's most frequent entry is taken apart.
//! - `descriptor`: what the index says of a block.
//! - `filter`: whether a block may have an event, without reading the block.
//! - `block`: what both kinds have in common; `columns`, `wire`, `ids`: how they are written; `limits`: how much they may have.

mod limits;

mod names;

mod wire;

mod columns;

mod filter;

mod block;

mod ids;

mod attempt;

mod descriptor;

mod events;

mod log;

pub use block::{HEAD, Packed};
pub use descriptor::{EventsDescriptor, InvalidDescriptor, LogDescriptor};
pub use events::{EventsBlock, FinishedEvent, pack_events, unpack_events};
pub use filter::{PROBES, Probe};
pub use limits::{Corrupt, MOST_UNPACKED, Oversized};
pub use log::{Entry, LogBlock, pack_log, unpack_log};
pub use names::{BlockId, Class, InvalidName, Place};

#[cfg(test)]
mod tests;

#[cfg(test)]
mod varied;
