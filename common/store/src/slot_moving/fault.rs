//! Why a shard is not where it was to go.

use crate::settings::InvalidRedis;
use crate::shards::FindError;

/// Why a shard's slot was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The settings can't be used.
    #[error(transparent)]
    Settings(#[from] InvalidRedis),
    /// The shards can't be found.
    #[error(transparent)]
    Shards(#[from] FindError),
    /// It can't go there; nothing has changed.
    #[error("{0}")]
    Refused(String),
    /// A node says no, or nothing. How far it has come stands in the cluster.
    #[error("{node}: {reason}")]
    Node {
        /// Its address.
        node: String,
        /// What it says.
        reason: String,
    },
}
