//! What shards cost in which nothing happens. Commands are counted, as `MONITOR` shows them: those that a program sent, without those
//! that its scripts call.
//!
//! Proves (guarantees): shards in which nothing happens

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::client::Caller;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::state::connect;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

const SHARDS: usize = 16;

/// What their connections' names begin with.
const PROGRAMS: [&str; 2] = ["webhooks-api", "webhooks-worker"];

/// How long commands are counted: longer than the longest pause of anything that looks again and again.
const COUNTED_FOR: Duration = Duration::from_secs(24);

/// How often they are counted until they are few enough: a busy machine cuts connections, and whoever comes back asks more.
const TIMES: u32 = 3;

/// Whose commands they are, by the name of the connection.
fn names(server: &RedisServer) -> BTreeMap<String, String> {
    let list: String = redis::cmd("CLIENT")
        .arg("LIST")
        .query(&mut connect(server))
        .unwrap();
    let of_line = |line: &str| {
        let field = |name: &str| {
            let mut fields = line.split(' ').filter_map(|field| field.split_once('='));
            fields
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_owned())
        };
        Some((field("addr")?, field("name")?))
    };
    list.lines().filter_map(of_line).collect()
}

/// What the connections of each program sent within that time: each command with its number.
fn commands(server: &RedisServer) -> BTreeMap<&'static str, BTreeMap<String, usize>> {
    let mut connection = connect(server);
    connection
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let () = redis::cmd("MONITOR").query(&mut connection).unwrap();
    let (began, names) = (Instant::now(), names(server));
    let mut counted: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    while began.elapsed() < COUNTED_FOR {
        let Ok(line) = connection.recv_response() else {
            continue; // nobody has asked anything for a moment
        };
        let line: String = redis::from_redis_value(line).unwrap();
        let (from, what) = line.split_once("] ").unwrap();
        let address = from.rsplit(' ').next().unwrap();
        if address == "lua" {
            continue;
        }
        let mut words = what.split('"').filter(|word| !word.trim().is_empty());
        let command = words.next().unwrap_or_default().to_uppercase();
        // A key without its shard, or some of a script's hash.
        let first = words
            .next()
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default();
        let command = format!("{command} {}", first.chars().take(12).collect::<String>());
        let name = names.get(address);
        for program in PROGRAMS {
            // A connection that was opened since may be anybody's.
            if name.is_none_or(|name| name.starts_with(program)) {
                *counted
                    .entry(program)
                    .or_default()
                    .entry(command.clone())
                    .or_default() += 1;
            }
        }
    }
    counted
}

/// A worker, and an API, sends less than a command a second for each shard in which nothing happens, also while its metrics are read. An event that comes is delivered.
#[tokio::test(flavor = "multi_thread")]
async fn who_looks_asks_seldom() {
    let builder = System::builder().env("SHARDS", SHARDS.to_string());
    let mut system = builder.start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let url = receiver.url("/hook");
    customer.create_endpoint(&url, &["*"]).await;
    let push = async || {
        let backend = system.backend();
        backend.push(system.account(), "lead.captured", json!({})).await;
    };
    push().await;
    receiver.wait_for(1).await;

    // Somebody reads the metrics, so what is in each shard is looked at as well.
    let listen = system.workers[0].variable("WORKER_LISTEN").unwrap();
    let operator = Caller::new(&format!("http://{listen}"), None);
    let last = format!("webhooks_store_seen_age_seconds{{shard=\"{}\"}}", SHARDS - 1);
    eventually(LONG, "all shards to be looked at", async || {
        let page = operator.get("/metrics").await.text;
        check(page.contains(&last), page)
    })
    .await;

    let most = SHARDS * usize::try_from(COUNTED_FOR.as_secs()).unwrap();
    let mut all = Vec::new();
    let are_few = (0..TIMES).any(|_| {
        let counted = tokio::task::block_in_place(|| commands(&system.redis));
        let numbers = PROGRAMS.map(|program| counted.get(program).map_or(0, |of| of.values().sum::<usize>()));
        eprintln!("{numbers:?} of {most}: {counted:#?}");
        all.push(counted);
        numbers.iter().all(|number| *number <= most)
    });
    assert!(are_few, "more than {most} commands: {all:#?}");

    push().await;
    receiver.wait_for(2).await;
    system.stop();
}
