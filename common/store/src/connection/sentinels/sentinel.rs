//! One sentinel.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, RedisResult};

use super::choose::{Answer, Primary};
use crate::connection::kept::Kept;

/// A sentinel.
pub(super) struct Sentinel(Kept);

impl Sentinel {
    pub(super) fn new(client: Client) -> Self {
        Self(Kept::new(client))
    }

    pub(super) async fn ask(&self, name: &str) -> Answer {
        match self.0.ask(move |connection| ask_on(connection, name)).await {
            Ok(answer) => answer,
            Err(error) if error.is_io_error() || error.is_timeout() => Answer::Failed(error.to_string()),
            Err(error) => Answer::Refused(error.to_string()),
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
