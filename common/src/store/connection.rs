//! The connection: one that is shared and comes back by itself, with a bounded wait for every answer.

use std::time::Duration;

use crate::config::RedisArgs;

use super::StoreError;

/// A handle to everything that is kept in Redis. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    url: String,
}

impl Store {
    /// Connects. Without an answer within `patience` this fails; later losses are waited out call by call.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when there is no server, or it refuses us.
    pub async fn connect(args: &RedisArgs, patience: Duration) -> Result<Self, StoreError> {
        todo!()
    }
}
