//! The walks that a move makes through all keys.

use super::walk::Walk;

/// What a walk through all keys is for.
#[derive(Debug)]
pub(super) enum Pass {
    CopyFirst(Walk),
    Copy(Walk),
    Compare(Walk),
    /// Everything is copied, and both sides are the same.
    Done,
    Remove(Walk),
    RemoveLast(Walk),
}
