//! What `REDIS_URL` may say of a cluster, and what becomes of what is wrong.

use e2e::cluster::{Cluster, ask, slot};
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};

/// One address of a cluster is enough, even that of a node that serves another slot: the server says that it is a cluster. The slot is the
/// one that servers compute, and everything is in it.
#[tokio::test(flavor = "multi_thread")]
async fn one_node_is_enough() {
    let mut cluster = tokio::task::block_in_place(Cluster::start);
    let primary = cluster.take_primary(slot());
    let url = cluster.another_primary().url();
    let system = System::builder()
        .on(primary)
        .env("REDIS_URL", url.clone())
        .env("SHARDS", "1")
        .start()
        .await;
    assert_eq!(
        ask::<u16>(&system.redis, &["CLUSTER", "KEYSLOT", "wh:{0}:meta"]),
        slot()
    );
    let shown = tokio::task::block_in_place(|| {
        Process::run(
            "webhooksctl",
            &["store", "show"],
            &[("REDIS_URL".to_owned(), url)],
        )
    });
    let shown = String::from_utf8([shown.stdout, shown.stderr].concat()).unwrap();
    assert!(shown.starts_with("STORE_ID="), "{shown}");
    assert_eq!(ask::<u64>(&system.redis, &["EXISTS", "wh:{0}:meta"]), 1);
    system.finish().await;
    for node in &cluster.nodes {
        let keys: Vec<String> = ask(node, &["KEYS", "wh:*"]);
        let is_elsewhere = !keys.is_empty() && primary_of(&cluster, node).is_none();
        assert!(!is_elsewhere, "{keys:?} are at another node");
    }
}

/// What a node's primary is, if it is the one that was taken out.
fn primary_of(cluster: &Cluster, node: &RedisServer) -> Option<String> {
    let all = e2e::cluster::seen(node);
    let myself = all.iter().find(|seen| seen.port == node.address().port())?;
    let primary = all.iter().find(|seen| seen.id == myself.primary)?;
    let is_here = cluster
        .nodes
        .iter()
        .any(|node| node.address().port() == primary.port);
    (!is_here).then(|| primary.id.clone())
}

/// Each program says in one sentence what is wrong with its settings, and ends.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_work_stops_the_start() {
    let (one, other) = tokio::task::block_in_place(|| (RedisServer::start(), RedisServer::start()));
    let servers = format!("redis://{},{}", one.address(), other.address());
    let mut system = System::builder().on(one).workers(0).start().await;
    for (url, sentence) in [
        (
            servers.as_str(),
            "REDIS_URL: several addresses must be those of a Redis Cluster's nodes",
        ),
        ("redis://a:1,b:1/3", "a Redis Cluster has database 0 only"),
        ("redis://a:1,b:x", "the cluster's nodes must be host:port"),
    ] {
        for (program, listen) in [
            ("webhooks-api", "API_LISTEN"),
            ("webhooks-worker", "WORKER_LISTEN"),
        ] {
            let mut environment = system.environment.clone();
            environment.push((listen.to_owned(), format!("127.0.0.1:{}", free_port())));
            environment.push(("REDIS_URL".to_owned(), url.to_owned()));
            let output = tokio::task::block_in_place(|| Process::run(program, &[], &environment));
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(
                !output.status.success() && said.contains(sentence) && said.contains("REDIS_URL"),
                "{program}, {url}: {said}"
            );
        }
    }
    system.stop();
}

/// One address with a database, which turns out to be that of a cluster's node: a cluster has database 0 alone. Each program says so and ends,
/// whatever it was told about shards.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_cluster_stops_the_start() {
    let node = tokio::task::block_in_place(|| RedisServer::start_with(&["--cluster-enabled", "yes"]));
    let mut system = System::builder().workers(0).start().await;
    let sentence = "REDIS_URL: the server is part of a Redis Cluster, which has database 0 only";
    for shards in [None, Some("1")] {
        let mut environment = system.environment.clone();
        environment.retain(|(name, _)| name != "SHARDS");
        let port = format!("127.0.0.1:{}", free_port());
        environment.push(("REDIS_URL".to_owned(), format!("{}/3", node.url())));
        environment.extend(["API_LISTEN", "WORKER_LISTEN"].map(|name| (name.to_owned(), port.clone())));
        environment.extend(shards.map(|shards| ("SHARDS".to_owned(), shards.to_owned())));
        for program in ["webhooks-api", "webhooks-worker"] {
            let output = tokio::task::block_in_place(|| Process::run(program, &[], &environment));
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(
                !output.status.success() && said.contains(sentence),
                "{program}, {shards:?}: {said}"
            );
        }
    }
    let show = |url: String| {
        let environment = [("REDIS_URL".to_owned(), format!("{url}/3"))];
        let output =
            tokio::task::block_in_place(|| Process::run("webhooksctl", &["store", "show"], &environment));
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), said)
    };
    let (done, said) = show(node.url());
    assert!(!done && said.contains(sentence), "{said}");
    assert_eq!(ask::<u64>(&node, &["DBSIZE"]), 0);
    // A server that is none has its databases.
    let (done, said) = show(system.redis.url());
    assert!(done && said.contains("no store"), "{said}");
    system.stop();
}

/// Nodes that don't answer are like a Redis that doesn't: the programs wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn programs_wait_for_nodes() {
    let mut system = System::builder().workers(0).start().await;
    let mut environment = system.environment.clone();
    let nobody = format!("redis://127.0.0.1:{},127.0.0.1:{}", free_port(), free_port());
    environment.push(("REDIS_URL".to_owned(), nobody));
    let listen = format!("127.0.0.1:{}", free_port());
    environment.push(("WORKER_LISTEN".to_owned(), listen));
    let mut worker = Process::start("webhooks-worker", &environment);
    eventually(LONG, "the worker to say what it waits for", async || {
        let log = worker.log();
        check(log.contains("no node of the cluster answers"), log)
    })
    .await;
    assert!(worker.is_running());
    system.stop();
}
