//! Reads from the documented keys, as an operator would, what is left to do.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Commands;

use crate::redis_server::RedisServer;
use crate::wait::{LONG, check, eventually};

/// Keys that exist only while something waits, is in flight, or is worked through.
pub(crate) const UNDER_WAY: [&str; 8] = [
    "ready",
    "ready:slow",
    "timers",
    "leases",
    "tokens",
    "quarantine",
    "sweeps",
    "chores",
];

/// The key that exists once something went wrong.
const WRONG: &str = "corrupt";

/// Keys like these of which there is one for each endpoint, delivery or worker.
const UNDER_WAY_OF_EACH: [&str; 3] = ["pending:*", "retry:*", "sweep:*"];

const PREFIX: &str = "wh:{0}:";

/// A plain connection to the server.
#[must_use]
pub fn connect(server: &RedisServer) -> redis::Connection {
    redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap()
}

/// The same for tests that wait for it without a thread. The library gives up after half a second by itself, which a busy disk takes.
///
/// # Panics
///
/// When the server can't be reached.
pub async fn connect_async(server: &RedisServer) -> redis::aio::MultiplexedConnection {
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(LONG))
        .set_response_timeout(Some(LONG));
    let client = redis::Client::open(server.url()).unwrap();
    let connected = client.get_multiplexed_async_connection_with_config(&config);
    connected.await.unwrap()
}

/// A key with its prefix: `key("stats")`.
#[must_use]
pub fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// All keys that match a pattern after the prefix, with the prefix; those of all shards.
#[must_use]
pub fn keys(connection: &mut redis::Connection, pattern: &str) -> Vec<String> {
    // The braces of the prefix mean nothing to a pattern.
    connection.keys(format!("wh:{{*}}:{pattern}")).unwrap()
}

/// How often a server has run each command since its start, or since `CONFIG RESETSTAT`.
#[derive(Debug)]
pub struct Calls(BTreeMap<String, u64>);

impl Calls {
    /// Asks a server.
    #[must_use]
    pub fn read(server: &RedisServer) -> Self {
        let mut info = redis::cmd("INFO");
        let stats: String = info.arg("commandstats").query(&mut connect(server)).unwrap();
        let lines = stats.lines().filter_map(|line| {
            let (command, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let (calls, _) = rest.split_once(',')?;
            Some((command.to_owned(), calls.parse().ok()?))
        });
        Self(lines.collect())
    }

    /// Of one command, such as `function|load`.
    #[must_use]
    pub fn of(&self, command: &str) -> u64 {
        self.0.get(command).copied().unwrap_or(0)
    }
}

/// Lists what is left although all deliveries are finished; empty when all is well.
#[must_use]
pub fn leftovers(server: &RedisServer) -> Vec<String> {
    let connection = &mut connect(server);
    let mut left = Vec::new();
    for name in UNDER_WAY.into_iter().chain([WRONG]) {
        left.extend(keys(connection, name));
    }
    for pattern in UNDER_WAY_OF_EACH {
        left.extend(keys(connection, pattern));
    }
    // An endpoint that its owner switched off stays in `parked`, with nothing to park.
    for parked in keys(connection, "parked") {
        let prefix = parked.trim_end_matches("parked");
        let endpoints: Vec<String> = connection.zrange(&parked, 0, -1).unwrap();
        for id in endpoints {
            let state: Option<String> = connection
                .hget(format!("{prefix}endpoint:{id}"), "state")
                .unwrap();
            if state.as_deref() != Some("off") {
                left.push(format!("{parked} {id} {state:?}"));
            }
        }
    }
    for key in keys(connection, "endpoint:*") {
        let in_flight: Option<i64> = connection.hget(&key, "inFlight").unwrap();
        if in_flight.unwrap_or(0) != 0 {
            left.push(format!("{key} inFlight {in_flight:?}"));
        }
    }
    for key in keys(connection, "account:*:bytes") {
        let bytes: Option<i64> = connection.get(&key).unwrap();
        if bytes.unwrap_or(0) != 0 {
            left.push(format!("{key} {bytes:?}"));
        }
    }
    left
}

/// Asserts that queue, leases and retries are empty, once the last reports are in.
pub async fn assert_nothing_left(server: &RedisServer) {
    eventually(Duration::from_secs(30), "nothing to be left", async || {
        let left = leftovers(server);
        check(left.is_empty(), format!("there is {left:?}"))
    })
    .await;
}
