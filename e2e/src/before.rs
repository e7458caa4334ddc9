//! What runs before an upgrade: the programs of an older commit, where `scripts/upgrade-from` has built some, or else what a
//! release before connections had names leaves on a server: a store of schema 1, and connections without a name.

use std::fmt;
use std::path::PathBuf;

use redis::{Client, Connection, IntoConnectionInfo as _};

use crate::redis_server::RedisServer;
use crate::state::connect;
use crate::wait::{LONG, check, eventually};

/// The directory with the programs of an older commit (`OLD_PROGRAMS`), if this run of the tests has one.
#[must_use]
pub fn programs() -> Option<PathBuf> {
    std::env::var_os("OLD_PROGRAMS").map(PathBuf::from)
}

/// Makes a store of schema 1 on an empty server.
///
/// # Panics
///
/// When Redis doesn't take it.
pub fn make_store(server: &RedisServer) {
    make_store_in(server, "1");
}

/// The same in the forms of a schema.
///
/// # Panics
///
/// When Redis doesn't take it.
pub fn make_store_in(server: &RedisServer, schema: &str) {
    let identity = match schema {
        "1" => "of-before".to_owned(),
        _ => format!("of-before+s{schema}"),
    };
    redis::cmd("HSET")
        .arg(store::keys::META)
        .arg(&["store", &identity, "schema", schema, "shards", "1", "writes", "0"])
        .exec(&mut connect(server))
        .expect("Redis takes the store");
}

/// A connection like those of a program of then, which is open as long as this lives.
pub struct Program {
    _connection: Connection,
}

impl Program {
    /// Connects with a URL, and asks what such a program asks.
    ///
    /// # Panics
    ///
    /// When that fails.
    #[must_use]
    pub fn connect(url: &str) -> Self {
        let info = url.into_connection_info().expect("a URL");
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let client = Client::open(info.set_redis_settings(settings)).expect("a URL");
        let mut connection = client.get_connection().expect("connect to Redis");
        let asked = redis::cmd("HGETALL").arg(store::keys::META).exec(&mut connection);
        asked.expect("Redis answers");
        Self {
            _connection: connection,
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Program")
    }
}

/// The schema of the store.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn schema(server: &RedisServer) -> String {
    let mut asked = redis::cmd("HGET");
    asked.arg(store::keys::META).arg("schema");
    asked.query(&mut connect(server)).expect("a schema")
}

/// Waits until the store has this schema.
pub async fn wait_for_schema(server: &RedisServer, wanted: &str) {
    eventually(LONG, "the store's schema", async || {
        let found = schema(server);
        check(found == wanted, format!("it is {found}"))
    })
    .await;
}
