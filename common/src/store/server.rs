//! Is this Redis reachable, and set up so that the promises hold?

use clap::ValueEnum;

use super::{Store, StoreError};

/// What an answer of 202 waits for (`ACK_DURABILITY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AckDurability {
    /// The event is in the server's memory.
    Memory,
    /// The event is in the append-only file, which the server syncs before it answers (`appendfsync always`).
    Aof,
}

/// What is to be said about the server's set-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerReport {
    /// `Redis 7.2.4` or `Valkey 9.1.2`.
    pub version: String,
    /// Why the programs must not start, each a sentence that says what to do.
    pub refusals: Vec<String>,
    /// What an operator should know, each a sentence that says what to do.
    pub warnings: Vec<String>,
}

impl Store {
    /// Looks at the server: version, eviction policy, durability, number of shards, schema. Records shards and schema
    /// at the very first start.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn inspect_server(
        &self,
        wanted: AckDurability,
        shards: u16,
    ) -> Result<ServerReport, StoreError> {
        todo!()
    }

    /// Whether Redis answers and accepts writes, for `/readyz`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] with the reason when it doesn't.
    pub async fn ping(&self) -> Result<(), StoreError> {
        todo!()
    }
}
