//! Service keys that operators keep in the store, with the rights of those who do: made, listed and revoked while the API serves.
//!
//! Proves (security): Stored service keys
//! Proves (guarantees): a service key is made or revoked while the API serves

use std::process::Output;

use e2e::client::Reply;
use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::state::connect;
use e2e::system::{Builder, MANAGE_KEY, SERVICE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const SHARDS: u16 = 3;

/// A system whose shards all lie on one server with its access list.
fn guarded() -> Builder {
    System::builder()
        .on_guarded(RedisServer::start_guarded())
        .env("SHARDS", SHARDS.to_string())
        .workers(0)
}

fn run_as(system: &System, user: &str, arguments: &[&str]) -> Output {
    let environment = [
        ("REDIS_URL".to_owned(), system.redis.url_as(user)),
        ("SUDO_USER".to_owned(), "ann".to_owned()),
    ];
    let arguments = [&["keys"], arguments].concat();
    tokio::task::block_in_place(|| Process::run("webhooksctl", &arguments, &environment))
}

/// What `webhooksctl keys` prints as the user that suffices.
#[track_caller]
fn keys_of(system: &System, arguments: &[&str]) -> String {
    let user = if arguments[0] == "list" {
        "operator"
    } else {
        "operator-write"
    };
    let Output {
        status,
        stdout,
        stderr,
    } = run_as(system, user, arguments);
    assert!(
        status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&stderr)
    );
    String::from_utf8(stdout).unwrap().trim_end().to_owned()
}

/// Why `webhooksctl keys` failed.
#[track_caller]
fn refused(system: &System, user: &str, arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = run_as(system, user, arguments);
    assert!(!status.success() && stdout.is_empty(), "{arguments:?} was done");
    String::from_utf8(stderr).unwrap()
}

async fn push(system: &System, key: &str) -> Reply {
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    system.caller(key).post("/api/events", &event).await
}

async fn is_taken(system: &System, key: &str) {
    eventually(LONG, "the key to be taken", async || {
        let reply = push(system, key).await;
        check(reply.status == 202, reply.text)
    })
    .await;
}

async fn is_refused(system: &System, key: &str) {
    eventually(LONG, "the key to be refused", async || {
        let reply = push(system, key).await;
        let is_it = (reply.status, reply.code()) == (401, "invalid_token");
        check(is_it, format!("{} {}", reply.status, reply.text))
    })
    .await;
}

/// Each shard's copy.
fn copies(system: &System) -> Vec<Vec<(String, String)>> {
    let connection = &mut connect(&system.redis);
    let copy = |shard| {
        let key = store::keys::Keys::new(shard).key("service_keys");
        let mut copy: Vec<_> = connection.hgetall(key).unwrap();
        copy.sort();
        copy
    };
    (0..SHARDS).map(copy).collect()
}

/// Nobody was refused a command, and the store agrees with itself.
#[track_caller]
fn finish(mut system: System) {
    let refusals: Vec<redis::Value> = redis::cmd("ACL")
        .arg("LOG")
        .query(&mut connect(&system.redis))
        .unwrap();
    assert!(refusals.is_empty(), "Redis refused {refusals:?}");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_listed_and_revoked_without_a_restart_and_outlasts_those() {
    let mut system = guarded().start().await;
    assert_eq!(keys_of(&system, &["list", "--json"]), r#"{"keys":[]}"#);
    let pushes = keys_of(
        &system,
        &["create", "backend-2", "--why", "the old one is rotated"],
    );
    let owner = keys_of(&system, &["create", "owner-2", "--manage"]);
    assert!(pushes.starts_with("whk_backend-2_") && owner.starts_with("whk_owner-2_"));
    is_taken(&system, &pushes).await;
    is_taken(&system, &owner).await;
    let endpoints = "/api/webhooks-config";
    let as_account = |key: &str| system.caller(key).for_account(system.account());
    let _reply = as_account(&owner).get(endpoints).await.expect(200);
    let reply = as_account(&pushes).get(endpoints).await.expect(403);
    assert_eq!(reply.code(), "account_header_not_allowed");
    // Those of the environment go on.
    assert_eq!(push(&system, SERVICE_KEY).await.status, 202);

    let listed: Value = serde_json::from_str(&keys_of(&system, &["list", "--json"])).unwrap();
    let kept: Vec<_> = listed["keys"].as_array().unwrap().iter().collect();
    let ids: Vec<_> = kept.iter().map(|key| (&key["id"], &key["manage"])).collect();
    assert_eq!(
        ids,
        [
            (&json!("backend-2"), &json!(false)),
            (&json!("owner-2"), &json!(true))
        ]
    );
    assert!(
        kept[0]["createdBy"].as_str().unwrap().starts_with("ann@"),
        "{listed}"
    );
    let output = run_as(&system, "operator", &["list"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("backend-2  push") && table.contains("owner-2    manage"),
        "{table}"
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("keys of SERVICE_KEYS aren't listed"), "{said}");
    let stored = copies(&system);
    assert!(
        stored.iter().all(|copy| *copy == stored[0] && copy.len() == 2),
        "{stored:?}"
    );
    for text in [&format!("{stored:?}"), &table, &system.api.log()] {
        assert!(!text.contains(&pushes) && !text.contains(&owner), "{text}");
    }

    let because = ["revoke", "backend-2", "--yes", "--why", "it was in a log"];
    assert!(keys_of(&system, &because).contains("is revoked"));
    is_refused(&system, &pushes).await;
    assert!(keys_of(&system, &because).contains("was revoked before"));
    assert_eq!(push(&system, &owner).await.status, 202);
    let anew = keys_of(&system, &["create", "backend-2"]);
    is_taken(&system, &anew).await;
    assert_eq!(push(&system, &pushes).await.status, 401);

    system.api.restart();
    system.wait_ready().await;
    // Whoever is ready knows the keys.
    for (key, status) in [(&owner, 202), (&anew, 202), (&pushes, 401)] {
        assert_eq!(push(&system, key).await.status, status);
    }
    system.redis.restart();
    is_taken(&system, &owner).await;
    assert_eq!(push(&system, &pushes).await.status, 401);

    let environment = [("REDIS_URL".to_owned(), system.redis.url_as("operator"))];
    let audit = Process::run("webhooksctl", &["audit", "--json"], &environment);
    let audit: Value = serde_json::from_slice(&audit.stdout).unwrap();
    let notes: Vec<_> = audit["entries"].as_array().unwrap().iter().collect();
    let each = notes
        .iter()
        .map(|note| ["action", "target", "result", "why"].map(|name| note[name].as_str().unwrap()));
    let each: Vec<_> = each.collect();
    assert_eq!(
        each,
        [
            ["keys create", "backend-2", "made", ""],
            ["keys revoke", "backend-2", "revoked", "it was in a log"],
            ["keys create", "owner-2", "made, may manage", ""],
            ["keys create", "backend-2", "made", "the old one is rotated"],
        ]
    );
    assert!(
        notes
            .iter()
            .all(|note| note["by"].as_str().unwrap().starts_with("ann@"))
    );
    let said = Process::run("webhooksctl", &["check"], &environment);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    finish(system);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_why_and_changes_nothing() {
    let system = guarded().start().await;
    keys_of(&system, &["create", "backend-2"]);
    let stored = copies(&system);
    let said = refused(&system, "operator-write", &["create", "backend-2"]);
    assert!(
        said.contains("there is a service key with this id in the store"),
        "{said}"
    );
    for id in ["", "with_underscore", "with space", "ü", &"x".repeat(65)] {
        let said = refused(&system, "operator-write", &["create", "--", id]);
        assert!(said.contains("1 to 64 letters, digits or `-`"), "{id}: {said}");
    }
    let said = refused(&system, "operator-write", &["revoke", "backend-2"]);
    assert!(said.contains("add --yes"), "{said}");
    assert_eq!(copies(&system), stored, "what was refused changes nothing");
    finish(system);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_makes_and_revokes_no_keys() {
    let mut system = guarded().start().await;
    let key = keys_of(&system, &["create", "kept"]);
    is_taken(&system, &key).await;
    let before = copies(&system);
    for arguments in [vec!["create", "other"], vec!["revoke", "kept", "--yes"]] {
        let said = refused(&system, "operator", &arguments);
        assert!(said.contains("it refuses to run our scripts"), "{said}");
    }
    assert_eq!(copies(&system), before);
    assert_eq!(push(&system, &key).await.status, 202);
    system.stop();
}

/// A shard that is set back, as one that was away, has a key that was revoked since.
#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_was_away_brings_no_revoked_key_back() {
    let mut system = guarded().start().await;
    let key = keys_of(&system, &["create", "leaked"]);
    is_taken(&system, &key).await;
    let before = copies(&system);
    keys_of(&system, &["revoke", "leaked", "--yes"]);
    is_refused(&system, &key).await;

    let connection = &mut connect(&system.redis);
    let last = store::keys::Keys::new(SHARDS - 1).key("service_keys");
    let (id, entry) = &before[0][0];
    let _: () = connection.hset(&last, id, entry).unwrap();
    let _: i64 = connection.hincr(store::keys::META, "serviceKeys", 1).unwrap();
    // Whatever the API reads now, it has read once this has come.
    let other = keys_of(&system, &["create", "other"]);
    is_taken(&system, &other).await;
    assert_eq!(push(&system, &key).await.status, 401);
    let caught_up = copies(&system);
    assert!(
        caught_up.iter().all(|copy| *copy == caught_up[0]),
        "a change brings what a shard lacks"
    );

    let _: () = connection.hset(&last, id, entry).unwrap();
    system.api.restart();
    system.wait_ready().await;
    assert_eq!(push(&system, &key).await.status, 401);
    let environment = [("REDIS_URL".to_owned(), system.redis.url_as("operator"))];
    let checked = || Process::run("webhooksctl", &["check"], &environment);
    let said = checked();
    let text = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
    assert!(
        !said.status.success() && text.contains("shard 2 has other service keys"),
        "{text}"
    );
    assert!(keys_of(&system, &["revoke", "leaked", "--yes"]).contains("was revoked before"));
    assert_eq!(copies(&system), caught_up);
    assert!(checked().status.success());
    finish(system);
}

/// After a restore, or a failover that lost writes, programs that run know more than the store.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_store_has_forgotten_is_revoked_for_those_who_know_it() {
    let system = guarded().start().await;
    let key = keys_of(&system, &["create", "lost"]);
    is_taken(&system, &key).await;
    let connection = &mut connect(&system.redis);
    for shard in 0..SHARDS {
        let copy = store::keys::Keys::new(shard).key("service_keys");
        let _: () = connection.del(copy).unwrap();
    }
    let _: () = connection.hdel(store::keys::META, "serviceKeys").unwrap();
    assert_eq!(keys_of(&system, &["list", "--json"]), r#"{"keys":[]}"#);
    assert_eq!(push(&system, &key).await.status, 202);
    let said = keys_of(&system, &["revoke", "lost", "--yes"]);
    assert!(
        said.contains("the store had no such key; APIs that still knew it refuse it now"),
        "{said}"
    );
    is_refused(&system, &key).await;
    let again = keys_of(&system, &["revoke", "lost", "--yes", "--json"]);
    assert_eq!(again, r#"{"id":"lost","wasKnown":true,"wasRevoked":true}"#);
    let unknown = keys_of(&system, &["revoke", "never", "--yes", "--json"]);
    assert_eq!(unknown, r#"{"id":"never","wasKnown":false,"wasRevoked":false}"#);
    let stored = copies(&system);
    assert!(
        stored.iter().all(|copy| *copy == stored[0] && copy.len() == 2),
        "{stored:?}"
    );
    finish(system);
}

/// A key that can't be made everywhere is withdrawn, and nobody gets it: the same command makes another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_in_every_shard_or_for_nobody() {
    let system = guarded().start().await;
    let connection = &mut connect(&system.redis);
    let last = store::keys::Keys::new(SHARDS - 1).key("service_keys");
    let _: () = connection.set(&last, "not a hash").unwrap();
    let said = refused(&system, "operator-write", &["create", "backend"]);
    let sentence = "no key was made, since shard 2 couldn't be told of it";
    assert!(said.contains(sentence) && said.contains("WRONGTYPE"), "{said}");
    assert_eq!(keys_of(&system, &["list", "--json"]), r#"{"keys":[]}"#);
    let _: () = connection.del(&last).unwrap();
    let key = keys_of(&system, &["create", "backend"]);
    is_taken(&system, &key).await;
    let copies = copies(&system);
    assert!(copies.iter().all(|copy| *copy == copies[0]), "{copies:?}");
    finish(system);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_limited_like_any_other_and_its_streams_end_with_it() {
    let mut system = guarded()
        .env("SHARDS", "1")
        .api_env("RATE_LIMIT_EVENTS_PER_KEY", "3")
        .start()
        .await;
    let key = keys_of(&system, &["create", "busy"]);
    eventually(LONG, "the key's limit to be used up", async || {
        let reply = push(&system, &key).await;
        check((reply.status, reply.code()) == (429, "rate_limited"), reply.text)
    })
    .await;
    assert_eq!(push(&system, SERVICE_KEY).await.status, 202);

    let owner = keys_of(&system, &["create", "owner-2", "--manage"]);
    let caller = system.caller(&owner).for_account(system.account());
    let path = "/api/webhooks-deliveries/stream";
    let mut stream = eventually(LONG, "the key to be taken", async || {
        let reply = caller.request(Method::GET, path).send().await.unwrap();
        if reply.status() == 200 {
            Ok(reply)
        } else {
            Err(reply.status().to_string())
        }
    })
    .await;
    keys_of(&system, &["revoke", "owner-2", "--yes"]);
    let mut said = String::new();
    while let Some(chunk) = tokio::time::timeout(LONG, stream.chunk()).await.unwrap().unwrap() {
        said.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(said.contains(r#"{"reason":"key_revoked"}"#), "{said}");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_keys_with_one_id_that_of_the_environment_counts() {
    let system = guarded().start().await;
    let key = keys_of(&system, &["create", "test"]);
    let other = keys_of(&system, &["create", "other"]);
    is_taken(&system, &other).await;
    assert_eq!(push(&system, &key).await.status, 401);
    assert_eq!(push(&system, SERVICE_KEY).await.status, 202);
    let log = system.api.log();
    assert!(log.contains("that of SERVICE_KEYS counts"), "{log}");
    keys_of(&system, &["revoke", "test", "--yes"]);
    keys_of(&system, &["revoke", "other", "--yes"]);
    is_refused(&system, &other).await;
    assert_eq!(push(&system, SERVICE_KEY).await.status, 202);
    finish(system);
}

/// Without Redis nobody can say that a service key is wrong: a caller that is told so gives up.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_what_is_known_counts_and_what_isnt_is_not_refused_for_good() {
    let mut system = System::builder()
        .workers(0)
        .api_env("SERVICE_KEYS", "")
        .start()
        .await;
    assert!(system.api.log().contains("no backend can push events"));
    let create = |system: &System| {
        let environment = [("REDIS_URL".to_owned(), system.redis.url())];
        let made = Process::run("webhooksctl", &["keys", "create", "backend"], &environment);
        String::from_utf8(made.stdout).unwrap().trim_end().to_owned()
    };
    let key = create(&system);
    is_taken(&system, &key).await;
    system.redis.kill9();
    let wrong = "whk_backend_wrong";
    // Known before: the key is good, and its events can't be taken now.
    for (key, status) in [(key.as_str(), 503), (wrong, 401), (MANAGE_KEY, 401)] {
        assert_eq!(push(&system, key).await.status, status, "{key}");
    }
    system.api.restart();
    let listens = format!("{}/healthz", system.api_url());
    system.api.wait_ready(&listens).await;
    for key in [key.as_str(), wrong] {
        let reply = push(&system, key).await;
        assert_eq!((reply.status, reply.code()), (503, "store_unavailable"));
        assert!(reply.headers.get("retry-after").is_some());
    }
    system.redis.restart();
    is_taken(&system, &key).await;
    is_refused(&system, wrong).await;
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_nobody_knows_asks_nothing_of_redis() {
    let mut system = System::builder().workers(0).start().await;
    let connection = &mut connect(&system.redis);
    let mut commands = || -> u64 {
        let info: String = redis::cmd("INFO").arg("stats").query(connection).unwrap();
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("total_commands_processed:"));
        line.unwrap().trim().parse().unwrap()
    };
    let before = commands();
    for number in 0..2_000 {
        let reply = push(&system, &format!("whk_backend_{number}")).await;
        assert_eq!(reply.status, 401);
    }
    // What the API asks by itself.
    let asked = commands() - before;
    assert!(asked < 1_000, "{asked} commands");
    system.stop();
}

#[test]
fn what_is_kept_of_a_key_is_its_hash() {
    let server = RedisServer::start();
    let environment = [("REDIS_URL".to_owned(), server.url())];
    // No program has made the store yet.
    let early = Process::run("webhooksctl", &["keys", "list", "--json"], &environment);
    assert!(
        early.status.success(),
        "{}",
        String::from_utf8_lossy(&early.stderr)
    );
    let made = Process::run("webhooksctl", &["keys", "create", "backend"], &environment);
    let key = String::from_utf8(made.stdout).unwrap();
    let copy: Vec<(String, String)> = connect(&server)
        .hgetall(store::keys::Keys::new(0).key("service_keys"))
        .unwrap();
    let hash = hex::encode(Sha256::digest(key.trim_end()));
    assert!(copy[0].1.contains(&format!(" {hash} push ")), "{copy:?}");
}
