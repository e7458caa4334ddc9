//! The way from a loaded single server into a cluster of three, with the steps of docs/operations.md.
//!
//! Proves (guarantees): a loaded single server grows into a cluster

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use domain::id::AccountId;
use e2e::client::Caller;
use e2e::cluster::{Cluster, ask, becomes_node};
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;
use store::keys::Keys;
use store::settings::RedisArgs;
use store::shards::Shards;

const ACCOUNTS: usize = 6;
const SHARDS: u16 = 4;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    redis: RedisArgs,
}

fn organisation(number: usize) -> String {
    format!("org_{number}")
}

/// Runs the operator's tool; whether it succeeded, and what it said.
fn operate(url: &str, arguments: &[&str]) -> (bool, String) {
    let environment = [("REDIS_URL".to_owned(), url.to_owned())];
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    eprintln!("{arguments:?}: {said}");
    (output.status.success(), said)
}

/// The same until it has succeeded: the nodes may be about to agree on what was done before.
async fn done(url: &str, arguments: &[&str]) {
    eventually(LONG, "the command to succeed", async || {
        let (is_done, said) = operate(url, arguments);
        check(is_done, said)
    })
    .await;
}

/// Pushes events of all accounts until it is stopped, each until it is accepted; the numbers of each account's.
async fn pushes(backend: Caller, stop: Arc<AtomicBool>) -> BTreeMap<String, BTreeSet<u64>> {
    let mut pushed: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for number in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for organisation in (0..ACCOUNTS).map(organisation) {
            let event = json!({
                "accountId": format!("org:{organisation}"), "event": "lead.captured", "chatbotId": "bot_1", "data": {"number": number},
            });
            let key = format!("{organisation}-{number}");
            let began = Instant::now();
            loop {
                let request = backend.request(Method::POST, "/api/events");
                let request = request.header("Idempotency-Key", &key).json(&event);
                let refusal = match Caller::try_send(request).await {
                    Ok(reply) if reply.status == 202 => break,
                    Ok(reply) => reply.text,
                    Err(error) => error.to_string(),
                };
                assert!(began.elapsed() < LONG, "{refusal}");
                // As a backend that was told to come again.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            pushed.entry(organisation).or_default().insert(number);
        }
    }
    pushed
}

/// Waits until more events of the first account have arrived.
async fn more_arrive(receiver: &Receiver) {
    let before = receiver.received_at("/org_0").len();
    eventually(LONG, "more events to arrive", async || {
        let now = receiver.received_at("/org_0").len();
        check(now >= before + 3, format!("{now}, and {before} before"))
    })
    .await;
}

async fn restarted(system: &mut System, url: &str) {
    system.api.set("REDIS_URL", url);
    for worker in &mut system.workers {
        worker.set("REDIS_URL", url);
    }
    tokio::task::block_in_place(|| {
        system.api.restart();
        for worker in &mut system.workers {
            worker.restart();
        }
    });
    system.wait_ready().await;
}

/// The shards that a node has keys of.
fn shards_at(node: &RedisServer) -> Vec<u16> {
    let has = |shard: &u16| {
        let slot = Keys::new(*shard).slot().to_string();
        ask::<u64>(node, &["CLUSTER", "COUNTKEYSINSLOT", &slot]) > 0
    };
    (0..SHARDS).filter(has).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_server_becomes_a_cluster_of_three() {
    let mut system = System::start().await;
    let receiver = Receiver::start().await;
    for organisation in (0..ACCOUNTS).map(organisation) {
        let customer = system.customer_of(&organisation);
        let url = receiver.url(&format!("/{organisation}"));
        customer.create_endpoint(&url, &["*"]).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(pushes(system.backend(), Arc::clone(&stop)));
    more_arrive(&receiver).await;

    // The server becomes the first node.
    tokio::task::block_in_place(|| becomes_node(&mut system.redis));
    let first = system.redis.url();
    done(&first, &["shards", "adopt"]).await;
    more_arrive(&receiver).await;

    // It gets more shards, and two more nodes.
    let cluster = tokio::task::block_in_place(|| Cluster::around(&system.redis, 2));
    let url = format!("{first},{}", cluster.url().trim_start_matches("redis://"));
    let to = SHARDS.to_string();
    let (is_done, said) = operate(&url, &["shards", "grow", &to]);
    assert!(!is_done && said.contains("not finished"), "{said}");
    restarted(&mut system, &url).await;
    done(&url, &["shards", "grow", &to]).await;
    for (shard, node) in [("1", &cluster.nodes[0]), ("2", &cluster.nodes[1])] {
        let address = node.address().to_string();
        done(&url, &["shards", "move", shard, &address]).await;
    }
    more_arrive(&receiver).await;

    // Accounts go to the shards that their ids name by now.
    let mut places = BTreeMap::new();
    for organisation in (0..ACCOUNTS).map(organisation) {
        let account: AccountId = format!("org:{organisation}").parse().unwrap();
        let named = Shards::named(&account, SHARDS);
        places.insert(organisation, named);
        if named != 0 {
            let named = named.to_string();
            done(
                &url,
                &["account", "move", account.as_str(), &named, "--keep-old-for", "5"],
            )
            .await;
        }
    }
    more_arrive(&receiver).await;
    stop.store(true, Ordering::Relaxed);
    let pushed = load.await.unwrap();

    let args = Arguments::parse_from(["test", "--redis-url", &url]).redis;
    let shards = Shards::find(&args).await.unwrap();
    for (organisation, numbers) in &pushed {
        let requests = receiver
            .wait_for_at(&format!("/{organisation}"), numbers.len())
            .await;
        let seen: BTreeSet<_> = requests
            .iter()
            .map(|request| request.json()["data"]["number"].as_u64().unwrap())
            .collect();
        assert_eq!(seen, *numbers, "{organisation}");
        let account: AccountId = format!("org:{organisation}").parse().unwrap();
        assert_eq!(shards.number_of(&account), usize::from(places[organisation]));
    }
    assert_eq!(shards_at(&cluster.nodes[0]), [1]);
    assert_eq!(shards_at(&cluster.nodes[1]), [2]);
    assert_eq!(shards_at(&system.redis), [0, 3]);
    done(&url, &["check"]).await;
    system.stop();
}
