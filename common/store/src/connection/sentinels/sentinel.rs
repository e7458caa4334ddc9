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

/// By which failover there is a primary, and where it is. The number is asked first: a sentinel that hears of a failover in between must not
/// give the old address with the new number. The second command tells of a failover as soon as the new primary has agreed to be one.
async fn ask_on(mut connection: MultiplexedConnection, name: &str) -> RedisResult<Answer> {
    let mut described = redis::cmd("SENTINEL");
    described.arg("MASTER").arg(name);
    let described: HashMap<String, String> = match described.query_async(&mut connection).await {
        Err(error) if says(&error, "unknown command") => return Ok(Answer::NoSentinel),
        // Its access list doesn't let us: then its word counts least. Or it knows no such name, as the next answer says.
        Err(error) if error.code() == Some("NOPERM") || says(&error, "No such master") => HashMap::new(),
        described => described?,
    };
    let epoch = described.get("config-epoch").and_then(|epoch| epoch.parse().ok());
    let mut address = redis::cmd("SENTINEL");
    address.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let named: Option<(String, u16)> = address.query_async(&mut connection).await?;
    Ok(named.map_or(Answer::Unknown, |address| {
        Answer::Named(Primary {
            address,
            epoch: epoch.unwrap_or(0),
        })
    }))
}

fn says(error: &RedisError, text: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(text))
}
