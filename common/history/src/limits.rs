//! How much a block may have, and what is wrong with one.

/// The most that a block unpacks to (bytes).
pub const MOST_UNPACKED: usize = 4 << 20;

/// The most events, or entries, that a block has.
pub(crate) const MOST_COUNT: usize = 1 << 16;

/// More than a block may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than a block may have")]
pub struct Oversized;

/// Bytes that are no block of ours, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a block can't be read: {0}")]
pub struct Corrupt(pub(crate) &'static str);
