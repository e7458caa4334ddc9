//! An account moves to another shard, while everybody else is served, and it itself for all but some moments.
//!
//! 1. *Draining*: it is paused as a whole, as an operator would; its events are still accepted. What is in flight ends, and what upkeep has
//!    under way. So no lease has to move.
//! 2. *Closing*: its terms say `moving`. From then on every script that would do anything for it refuses, and what upkeep goes by no
//!    longer names it, so nothing of it changes.
//! 3. *Closed*: all of it is copied, key by key, found by a walk through all keys, and the copy is compared.
//! 4. *Switched*: in one step the old shard says `moved`, for ever. Then the directory names the new one, and then the new one opens: at no
//!    moment do both do something for it. The pause ends, unless an operator had paused it.
//! 5. *Leaving*: once every program has learned of it, the old copy goes.
//!
//! How far it got stands in the store, so whoever dies, the same command goes on from there. Until it is switched, it can be undone.

mod back;
mod copy;
mod outcome;
mod pass;
mod record;
mod script;
mod steps;
mod walk;
mod way;

pub use outcome::{Copied, MoveError, Step};
pub use record::{Moving, Phase};
pub(crate) use script::{
    AccountMoveArrive, AccountMoveBegin, AccountMoveClose, AccountMoveEnd, AccountMoveLeave, AccountMoveOpen,
    AccountMoveRemove, AccountMoveSizes, AccountMoveSwitch, AccountMoveWalk,
};
pub use way::AccountMove;
