//! `webhooksctl shards move`: an operator orders that a shard goes to another node.
//!
//! Proves (guarantees): `webhooksctl shards move` under load

use std::process::Output;

use e2e::cluster::{Cluster, ask, slot};
use e2e::process::Process;
use e2e::redis_server::{RedisServer, oldest_program};
use e2e::state::connect;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};

use crate::scene::{Group, more_accepted};

/// How many keys more there are, so that one by one they take a while.
const BALLAST: usize = 4000;

fn environment(url: &str) -> Vec<(String, String)> {
    vec![("REDIS_URL".to_owned(), url.to_owned())]
}

/// What the operator's tool says to `shards move …`; whether it has done that.
fn order(url: &str, arguments: &[&str]) -> (bool, String) {
    let arguments: Vec<_> = ["shards", "move"].iter().chain(arguments).copied().collect();
    let run = || Process::run("webhooksctl", &arguments, &environment(url));
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::task::block_in_place(run);
    let said = String::from_utf8([stdout, stderr].concat()).unwrap();
    eprintln!("{said}");
    (status.success(), said)
}

impl Group {
    fn url(&self) -> String {
        self.system.api.variable("REDIS_URL").unwrap().to_owned()
    }

    /// The address of a primary that doesn't have the slot.
    fn other(&self) -> String {
        self.cluster.another_primary().address().to_string()
    }

    /// The node at this address.
    fn node(&self, address: &str) -> &RedisServer {
        let mut nodes = self.cluster.nodes.iter();
        nodes.find(|node| node.address().to_string() == address).unwrap()
    }
}

/// How many keys of the slot a node has.
fn keys(node: &RedisServer) -> usize {
    ask(node, &["CLUSTER", "COUNTKEYSINSLOT", &slot().to_string()])
}

/// Where the server can, in one step: nothing is lost, nothing comes twice, whatever was tried before.
#[tokio::test(flavor = "multi_thread")]
async fn in_one_step_where_the_server_can() {
    let mut group = Group::start().await;
    let load = group.load().await;
    let (url, to) = (group.url(), group.other());
    let (done, said) = order(&url, &["0", &to, "--dry-run"]);
    assert!(
        done && said.contains("would be moved") && said.contains("MIGRATESLOTS"),
        "{said}"
    );
    assert_eq!(keys(group.node(&to)), 0);
    let (done, said) = order(&url, &["0", &to]);
    let there = format!("shard 0 (hash slot {}) is at {to} now", slot());
    assert!(
        done && said.contains(&there) && !said.contains("closed"),
        "{said}"
    );
    group.goes_on(&load).await;
    assert_eq!(group.system.redis.address().to_string(), to);
    let (done, said) = order(&url, &["0", &to]);
    assert!(done && said.contains("nothing is to be done"), "{said}");
    group.each_counts(0).await;
    let loaded = load.stop().await;
    group.ends(loaded, 0).await;
}

/// Elsewhere key by key, with the oldest server: the shard is closed meanwhile. The order is killed half-way; the shard stays closed, goes
/// nowhere else, and the same order goes on.
#[tokio::test(flavor = "multi_thread")]
async fn key_by_key_and_killed_in_the_middle() {
    let cluster = tokio::task::block_in_place(|| Cluster::start_on(&oldest_program()));
    let mut group = Group::on(cluster, &[]).await;
    let load = group.load().await;
    let (url, to) = (group.url(), group.other());
    let elsewhere = {
        let others = group.cluster.nodes.iter().filter(|node| {
            let info = node.raw("INFO replication").unwrap();
            info.contains("role:master") && node.address().to_string() != to
        });
        others.map(|node| node.address().to_string()).next().unwrap()
    };
    let mut ballast = redis::pipe();
    for number in 0..BALLAST {
        ballast.set(format!("wh:{{0}}:ballast:{number}"), number).ignore();
    }
    let () = ballast.query(&mut connect(&group.system.redis)).unwrap();
    let arguments = ["shards", "move", "0", &to, "--keys-at-a-time", "1"];
    let mut killed = Process::start_with("webhooksctl", &arguments, &environment(&url));
    eventually(LONG, "some keys to be there", async || {
        check(keys(group.node(&to)) > 0, killed.log())
    })
    .await;
    killed.kill9();
    let (there, here) = (keys(group.node(&to)), keys(&group.system.redis));
    assert!(
        there > 0 && here > 0,
        "{there} there, {here} here: {}",
        killed.log()
    );

    group.is_refused().await;
    eventually(LONG, "the API to say that it can't work", async || {
        let answer = group.system.backend().get("/readyz").await;
        check(answer.status == 503, answer.text)
    })
    .await;
    let (done, said) = order(&url, &["0", &elsewhere]);
    let sentence = format!("shard 0 is half-way to {to}");
    assert!(!done && said.contains(&sentence), "{said}");
    // Back to where it was is elsewhere, too.
    let (done, said) = order(&url, &["0", &group.system.redis.address().to_string()]);
    assert!(!done && said.contains(&sentence), "{said}");
    let (done, said) = order(&url, &["0", &to, "--dry-run"]);
    assert!(done && said.contains("from half-way on"), "{said}");
    assert_eq!(keys(&group.system.redis), here);

    let (done, said) = order(&url, &["0", &to]);
    assert!(done && said.contains("the shard is closed"), "{said}");
    assert_eq!(keys(&group.system.redis), 0);
    group.goes_on(&load).await;
    assert_eq!(group.system.redis.address().to_string(), to);
    more_accepted(&load, 50).await;
    let mut removed = redis::pipe();
    for number in 0..BALLAST {
        removed.del(format!("wh:{{0}}:ballast:{number}")).ignore();
    }
    let () = removed.query(&mut connect(&group.system.redis)).unwrap();
    group.each_counts(0).await;
    let loaded = load.stop().await;
    group.ends(loaded, 0).await;
}

/// The last steps were lost: the new node has the slot, and the old one doesn't know. The same order tells it.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_lacks_its_end_is_ended() {
    let cluster = tokio::task::block_in_place(|| Cluster::start_on(&oldest_program()));
    let mut group = Group::on(cluster, &[]).await;
    let load = group.load().await;
    let (url, to) = (group.url(), group.other());
    let number = slot().to_string();
    let id: String = ask(group.node(&to), &["CLUSTER", "MYID"]);
    let old: String = ask(&group.system.redis, &["CLUSTER", "MYID"]);
    // Its first step alone: nothing is closed by that.
    let _: () = ask(
        group.node(&to),
        &["CLUSTER", "SETSLOT", &number, "IMPORTING", &old],
    );
    more_accepted(&load, 20).await;
    let _: () = ask(
        &group.system.redis,
        &["CLUSTER", "SETSLOT", &number, "MIGRATING", &id],
    );
    let port = to.rsplit_once(':').unwrap().1;
    while keys(&group.system.redis) > 0 {
        let some: Vec<String> = ask(&group.system.redis, &["CLUSTER", "GETKEYSINSLOT", &number, "100"]);
        let mut words: Vec<_> = ["MIGRATE", "127.0.0.1", port, "", "0", "10000", "KEYS"]
            .map(str::to_owned)
            .into();
        words.extend(some);
        let _: () = ask(&group.system.redis, &words);
    }
    let _: () = ask(group.node(&to), &["CLUSTER", "SETSLOT", &number, "NODE", &id]);
    let (done, said) = order(&url, &["0", &to]);
    assert!(done && said.contains("is at"), "{said}");
    group.goes_on(&load).await;
    let nodes = group.cluster.nodes.iter().chain([&group.system.redis]);
    for node in nodes {
        let open = node.raw("CLUSTER NODES").unwrap().contains('[');
        assert!(!open, "{} still has an open slot", node.address());
    }
    let (done, said) = order(&url, &["0", &to]);
    assert!(done && said.contains("nothing is to be done"), "{said}");
    let loaded = load.stop().await;
    group.ends(loaded, 0).await;
}

/// What can't be is refused in a sentence, and nothing has changed. What can be is seen by `webhooksctl shards`.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_is_refused() {
    let mut cluster = tokio::task::block_in_place(Cluster::start);
    let url = cluster.url();
    let primary = cluster.take_primary(slot());
    let replica = cluster.replica_of(&primary).address().to_string();
    let other = cluster.another_primary().address().to_string();
    let builder = System::builder().on(primary).env("REDIS_URL", url.clone());
    let mut system = builder.start().await;
    let table: [(&[&str], &str); 5] = [
        (&["0", &replica], "is a replica: it must be one of"),
        (
            &["0", "127.0.0.1:1"],
            "is no node of the cluster: it must be one of",
        ),
        (
            &["0", "no-such-id"],
            "is no node of the cluster: it must be one of",
        ),
        (
            &["16", &other],
            "there is no shard 16: the store has 16, from 0 on",
        ),
        (
            &["0", &other, "--keys-at-a-time", "0"],
            "KEYS_AT_A_TIME: 0 is not in 1..=1000",
        ),
    ];
    for (arguments, sentence) in table {
        let (done, said) = order(&url, arguments);
        assert!(!done && said.contains(sentence), "{arguments:?}: {said}");
    }
    let alone = tokio::task::block_in_place(RedisServer::start);
    let sentinels = format!("redis+sentinel://{}/webhooks", alone.address());
    for url in [alone.url(), sentinels] {
        let (done, said) = order(&url, &["0", &other]);
        assert!(
            !done && said.contains("REDIS_URL: only between the nodes of a Redis Cluster"),
            "{url}: {said}"
        );
    }
    assert!(keys(&system.redis) > 0);
    // What can be, is done: of sixteen shards this one goes.
    let (done, said) = order(&url, &["0", &other]);
    assert!(done, "{said}");
    let shown = || Process::run("webhooksctl", &["shards"], &environment(&url));
    let shown = String::from_utf8(tokio::task::block_in_place(shown).stdout).unwrap();
    let line = shown.lines().nth(1).unwrap().split_whitespace();
    assert_eq!(line.take(2).collect::<Vec<_>>(), ["0", &other], "{shown}");
    system.stop();
}
