//! Each user of Redis can do all of its work, and nothing else: on a server that starts as in the compose file.
//!
//! Proves (security): Least rights
//! Proves (security): Nobody logs in as `default`, which is off and has no password

use std::collections::BTreeMap;

use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::state::{assert_nothing_left, connect};
use redis::{Connection, Value};

use crate::tour::{Tour, builder};

/// What nobody may do: ends or empties the server, shows or changes how it runs, loads code, makes users, listens in.
const NOBODY: &[&str] = &[
    "FLUSHALL",
    "FLUSHDB",
    "SWAPDB 0 1",
    "SHUTDOWN NOSAVE",
    "CONFIG SET appendonly no",
    "CONFIG SET dir /tmp",
    "CONFIG RESETSTAT",
    "CONFIG REWRITE",
    "DEBUG SLEEP 0",
    "DEBUG JMAP",
    "SCRIPT FLUSH",
    "SCRIPT KILL",
    "FUNCTION FLUSH",
    "FUNCTION KILL",
    "FUNCTION DUMP",
    "MODULE LIST",
    "ACL LIST",
    "ACL WHOAMI",
    "ACL USERS",
    "ACL GETUSER default",
    "ACL DELUSER operator",
    "ACL LOAD",
    "ACL LOG",
    "ACL SETUSER api +@all",
    "ACL SETUSER default on nopass +@all ~*",
    "CLIENT KILL TYPE normal",
    "CLIENT PAUSE 1000",
    "MONITOR",
    "KEYS *",
    "RANDOMKEY",
    "SLOWLOG RESET",
    "SAVE",
    "BGSAVE",
    "BGREWRITEAOF",
    "REPLICAOF 127.0.0.1 1",
    "PSYNC ? -1",
    "SYNC",
    "CLUSTER RESET",
    "LATENCY LATEST",
    "MEMORY DOCTOR",
    "SUBSCRIBE x",
    "PSUBSCRIBE *",
    "PUBLISH x y",
    "SELECT 1",
    "MOVE wh:meta 1",
    "COPY wh:meta wh:{0}:x",
    "MIGRATE 127.0.0.1 1 wh:meta 0 1",
    "OBJECT FREQ wh:meta",
    "SORT wh:{0}:wake",
    "EVAL return(1) 0",
];

/// What nobody may do to keys of others.
const OTHER_KEYS: &[&str] = &[
    "GET secret:of:others",
    "GET wh:other",
    "HGETALL wh:1:stats",
    "HMGET other schema",
    "XRANGE other - +",
    "ZRANGE other 0 -1",
    "DUMP secret:of:others",
    "RESTORE secret:of:me 0 x",
];

/// What the API may not do: moving an account, and seeing who is connected.
const NOT_OF_THE_API: &[&str] = &["CLIENT LIST", "DUMP wh:meta", "RESTORE wh:{0}:x 0 x"];

/// What an operator who mends may not do: a worker's work.
const WORKERS_ONLY: &[&str] = &[
    "FCALL x 0",
    "FUNCTION LIST",
    "FUNCTION LOAD x",
    "FUNCTION DELETE x",
    "BLPOP wh:{0}:wake 0.01",
];

/// The same, for those who write.
const WRITES_TO_OTHER_KEYS: &[&str] = &[
    "SET other 1",
    "DEL other",
    "HSET wh:1:stats a b",
    "RENAME wh:{0}:nothing other",
    "BLPOP other 0.01",
    "LPUSH other a",
];

/// Writes that the operator may not do to our keys.
const WRITES: &[&str] = &[
    "HSET wh:{0}:stats a b",
    "HDEL wh:{0}:stats a",
    "DEL wh:meta",
    "UNLINK wh:meta",
    "SET wh:{0}:x 1",
    "EXPIRE wh:meta 1",
    "PEXPIRE wh:meta 1",
    "RPUSH wh:{0}:wake 1",
    "LPOP wh:{0}:wake",
    "BLPOP wh:{0}:wake 0.01",
    "XADD wh:{0}:log:x * a b",
    "ZADD wh:{0}:ready 1 x",
    "EVALSHA 0000000000000000000000000000000000000000 0",
    "SCRIPT LOAD return",
    "FCALL x 0",
    "FUNCTION LIST",
    "FUNCTION LOAD x",
    "FUNCTION DELETE x",
    "CONFIG GET *",
];

fn user(server: &RedisServer, name: &str) -> Connection {
    redis::Client::open(server.url_as(name))
        .unwrap()
        .get_connection()
        .unwrap()
}

fn ask(connection: &mut Connection, command: &str) -> redis::RedisResult<Value> {
    let mut words = command.split(' ');
    let mut asked = redis::cmd(words.next().unwrap());
    asked.arg(words.collect::<Vec<_>>()).query(connection)
}

#[track_caller]
fn assert_refused(connection: &mut Connection, name: &str, command: &str) {
    let answer = ask(connection, command);
    let refused = answer.as_ref().is_err_and(|error| error.code() == Some("NOPERM"));
    assert!(refused, "{name}: {command}: {answer:?}");
}

/// Everything that the server holds, as text: keys, types and contents; but for `writes` of `wh:meta`, which the programs let rise about a
/// second after they wrote something.
fn dump(server: &RedisServer) -> String {
    let mut connection = connect(server);
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    keys.sort_unstable();
    let dumped = keys.iter().map(|key| {
        if key == "wh:meta" {
            let meta: BTreeMap<String, String> =
                redis::cmd("HGETALL").arg(key).query(&mut connection).unwrap();
            let kept: Vec<_> = meta.iter().filter(|(name, _)| *name != "writes").collect();
            return format!("{key} {kept:?}\n");
        }
        let content: Vec<u8> = redis::cmd("DUMP").arg(key).query(&mut connection).unwrap();
        format!("{key} {content:?}\n")
    });
    dumped.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_system_works_with_least_rights() {
    let server = RedisServer::start_guarded();
    let (api, worker) = (server.url_as("api"), server.url_as("worker"));
    let system = builder()
        .on(server)
        .api_env("REDIS_URL", api)
        .worker_env("REDIS_URL", worker.clone())
        .start()
        .await;
    let tour = Tour::of(&system).await;
    assert_nothing_left(&system.redis).await;
    let key = system.api.variable("SECRETS_KEY").unwrap().to_owned();
    let operator = system.redis.url_as("operator");
    let mender = system.redis.url_as("operator-write");
    let customer = system.customer();
    let endpoint = customer
        .create_endpoint(&tour.receiver.url("/never"), &["*"])
        .await
        .id;
    let enable = ["endpoints", "enable", "--disabled-since", "2026-01-01T00:00:00Z"];
    let account = system.account();
    let since = "2026-01-01T00:00:00Z";
    let until = "2026-01-02T00:00:00Z";
    let mut runs = vec![
        (&operator, vec!["check"]),
        (&operator, vec!["status"]),
        (&operator, vec!["keys", "list"]),
        (&worker, vec!["secrets", "rewrap"]),
        (&worker, vec!["store", "upgrade"]),
        (&worker, enable.to_vec()),
        (&worker, vec!["pause", &endpoint]),
    ];
    // What `worker` may do, whoever mends may do too, and what the reader does.
    let mends: [&[&str]; 19] = [
        &["check"],
        &["status"],
        &["secrets", "rewrap"],
        &["store", "accept"],
        &["store", "upgrade"],
        &enable,
        &["throttle", &endpoint, "--per-second", "5"],
        &["pause", &endpoint],
        &["resume", &endpoint],
        &["pause", account, "--reason", "too loud"],
        &["discard", account, "--yes"],
        &["resume", account],
        &["release", account, "--yes"],
        &["requeue", &endpoint, "--since", since, "--until", until],
        &["replay", account, "--since", since, "--until", until, "--wait"],
        &["secrets", "accept"],
        &["keys", "create", "backend", "--manage"],
        &["keys", "revoke", "backend", "--yes"],
        &["audit"],
    ];
    runs.extend(mends.map(|arguments| (&mender, arguments.to_vec())));
    runs.push((&operator, vec!["audit", "--account", account, "--json"]));
    for (url, arguments) in runs {
        let environment = [
            ("REDIS_URL".to_owned(), url.clone()),
            ("SECRETS_KEY".to_owned(), key.clone()),
        ];
        let output = Process::run("webhooksctl", &arguments, &environment);
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{arguments:?}: {printed}");
    }
    // A refusal inside a script may look like a key that isn't there. Redis notes each.
    let refusals: Vec<Value> = redis::cmd("ACL")
        .arg("LOG")
        .query(&mut connect(&system.redis))
        .unwrap();
    assert!(refusals.is_empty(), "Redis refused {refusals:?}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_asked_is_refused() {
    let system = builder().on(RedisServer::start_guarded()).start().await;
    let server = &system.redis;
    redis::cmd("SET")
        .arg(&["secret:of:others", "1"])
        .exec(&mut connect(server))
        .unwrap();
    let before = dump(server);
    for name in ["api", "worker", "operator", "operator-write"] {
        let connection = &mut user(server, name);
        for command in NOBODY.iter().chain(OTHER_KEYS).chain(WRITES_TO_OTHER_KEYS) {
            assert_refused(connection, name, command);
        }
    }
    for command in WRITES {
        assert_refused(&mut user(server, "operator"), "operator", command);
    }
    // The operator looks at the server, and workers at who is connected.
    for name in ["api", "worker"] {
        for command in ["DBSIZE", "SLOWLOG GET"] {
            assert_refused(&mut user(server, name), name, command);
        }
    }
    for command in NOT_OF_THE_API {
        assert_refused(&mut user(server, "api"), "api", command);
    }
    for command in WORKERS_ONLY {
        assert_refused(&mut user(server, "operator-write"), "operator-write", command);
    }
    assert_eq!(before, dump(server), "a refused command changed something");
    system.finish().await;
}

/// A script has no more rights than its user.
#[test]
fn a_script_reaches_nothing_that_its_user_may_not() {
    let server = RedisServer::start_guarded();
    for name in ["api", "worker", "operator-write"] {
        let connection = &mut user(&server, name);
        for code in [
            "return redis.call('FLUSHALL')",
            "return redis.call('PUBLISH', 'x', 'y')",
            "return redis.call('KEYS', '*')",
            "return redis.call('SET', 'other', '1')",
            "return redis.call('GET', 'wh:1:x')",
        ] {
            let script = redis::Script::new(code);
            let answer: redis::RedisResult<Value> = script.invoke(connection);
            let refused = answer
                .as_ref()
                .is_err_and(|error| error.to_string().contains("ACL"));
            assert!(refused, "{name}: {code}: {answer:?}");
        }
    }
}

#[test]
fn nobody_gets_in_without_a_password() {
    let server = RedisServer::start_guarded();
    let address = server.address();
    for login in [
        String::new(),
        format!(":{}@", server.password("api")),
        "default:@".to_owned(),
        "api:@".to_owned(),
        "api:wrong@".to_owned(),
        format!("api:{}@", server.password("worker")),
        format!("root:{}@", server.password("api")),
    ] {
        let asked = redis::Client::open(format!("redis://{login}{address}"))
            .unwrap()
            .get_connection()
            .and_then(|mut connection| ask(&mut connection, "HGET wh:meta schema"));
        assert!(asked.is_err(), "{login}: {asked:?}");
    }
}
