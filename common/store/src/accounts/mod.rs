//! What is decided of an account as a whole: limits of its own (`limits`), and that all of it is erased (`erasing`).
//!
//! Both stand in one text, `account:<a>:terms` (lua/shared/terms.lua), which accepting an event reads along with the account's budget.

mod erasing;

mod limits;

pub(crate) use erasing::{AccountErase, AccountEraseStep};
pub use erasing::{Erasure, ErasurePhase};
pub use limits::AccountLimits;
pub(crate) use limits::AccountLimitsSet;
