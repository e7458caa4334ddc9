//! A connection that is kept to ask a server where others are.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use tokio::sync::Mutex;

use super::gather::ASK_WITHIN;

/// A server, with a connection that is kept.
pub(super) struct Kept {
    client: Client,
    open: Mutex<Option<MultiplexedConnection>>,
}

impl Kept {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            open: Mutex::default(),
        }
    }

    /// Asks on the kept connection, and once more on a new one if that was cut meanwhile.
    pub(super) async fn ask<T, F: Future<Output = RedisResult<T>>>(
        &self,
        question: impl Fn(MultiplexedConnection) -> F,
    ) -> RedisResult<T> {
        let mut open = self.open.lock().await;
        if let Some(connection) = open.take()
            && let Ok(answer) = question(connection.clone()).await
        {
            *open = Some(connection);
            return Ok(answer);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ASK_WITHIN))
            .set_response_timeout(Some(ASK_WITHIN));
        let asked = async {
            let connection = self
                .client
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            let answer = question(connection.clone()).await?;
            RedisResult::Ok((connection, answer))
        };
        let (connection, answer) = asked.await.inspect_err(|error| {
            let server = self.client.get_connection_info().addr();
            tracing::debug!(%server, %error, "a server doesn't say where others are");
        })?;
        *open = Some(connection);
        Ok(answer)
    }
}
