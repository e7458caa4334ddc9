//! What can be asked, and asked again.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult};

/// A command, a pipeline or the call of a script (`scripts/call.rs`). Asking twice must do no more than asking once.
pub(crate) trait Question: Sync {
    /// Asks on this connection.
    fn ask<T: FromRedisValue>(
        &self,
        connection: MultiplexedConnection,
    ) -> impl Future<Output = RedisResult<T>> + Send;
}

impl Question for Cmd {
    async fn ask<T: FromRedisValue>(&self, mut connection: MultiplexedConnection) -> RedisResult<T> {
        self.query_async(&mut connection).await
    }
}

impl Question for Pipeline {
    async fn ask<T: FromRedisValue>(&self, mut connection: MultiplexedConnection) -> RedisResult<T> {
        self.query_async(&mut connection).await
    }
}
