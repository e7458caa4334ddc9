//! One sentinel.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use tokio::sync::Mutex;

use super::ASK_WITHIN;
use super::choose::{Answer, Primary};

/// A sentinel, with a connection that is kept.
pub(super) struct Sentinel {
    client: Client,
    open: Mutex<Option<MultiplexedConnection>>,
}

impl Sentinel {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            open: Mutex::default(),
        }
    }

    /// Asks on the kept connection, and once more on a new one if that was cut meanwhile.
    pub(super) async fn ask(&self, name: &str) -> Answer {
        let mut open = self.open.lock().await;
        if let Some(connection) = open.take()
            && let Ok(answer) = ask_on(connection.clone(), name).await
        {
            *open = Some(connection);
            return answer;
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ASK_WITHIN))
            .set_response_timeout(Some(ASK_WITHIN));
        let asked = async {
            let connection = self
                .client
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            let answer = ask_on(connection.clone(), name).await?;
            RedisResult::Ok((connection, answer))
        };
        match asked.await {
            Ok((connection, answer)) => {
                *open = Some(connection);
                answer
            }
            Err(error) => {
                let sentinel = self.client.get_connection_info().addr();
                tracing::debug!(%sentinel, %error, "a sentinel doesn't answer");
                if error.is_io_error() || error.is_timeout() {
                    Answer::Failed(error.to_string())
                } else {
                    Answer::Refused(error.to_string())
                }
            }
        }
    }
}

/// Where the primary is, and by which failover. The first command tells of a failover as soon as the new primary has agreed to be one.
async fn ask_on(mut connection: MultiplexedConnection, name: &str) -> RedisResult<Answer> {
    let mut address = redis::cmd("SENTINEL");
    address.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let named: Option<(String, u16)> = match address.query_async(&mut connection).await {
        Err(error) if says(&error, "unknown command") => return Ok(Answer::NoSentinel),
        named => named?,
    };
    let Some(address) = named else {
        return Ok(Answer::Unknown);
    };
    let mut described = redis::cmd("SENTINEL");
    described.arg("MASTER").arg(name);
    let described: HashMap<String, String> = match described.query_async(&mut connection).await {
        // Its access list doesn't let us: then its word counts least.
        Err(error) if error.code() == Some("NOPERM") => HashMap::new(),
        described => described?,
    };
    let epoch = described.get("config-epoch").and_then(|epoch| epoch.parse().ok());
    Ok(Answer::Named(Primary {
        address,
        epoch: epoch.unwrap_or(0),
    }))
}

fn says(error: &RedisError, text: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(text))
}
