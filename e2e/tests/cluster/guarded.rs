//! Nodes with the shipped access list: the programs log in with rights of their own, and know one node.
//!
//! Proves (security): Least rights

use e2e::cluster::{Cluster, ask, slot};
use e2e::load::{Load, Shape};
use e2e::process::Process;
use e2e::receiver::{Receiver, TestCa};
use e2e::redis_server::{Mover, Program, RedisServer, mover, oldest_program, shipped_users_with};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::scene::more_accepted;

/// The access list with the users of nodes.
fn users() -> String {
    shipped_users_with(&["nodes.acl"])
}

/// What each node has to be told, so that replicas may log in, and to speak TLS if there is an authority for it.
fn settings(ca: Option<&TestCa>) -> Vec<String> {
    let mut lines = vec![
        "masteruser replica".to_owned(),
        "masterauth of-replica".to_owned(),
    ];
    if let Some(ca) = ca {
        let [certificate, key] = ca
            .server_files(&["127.0.0.1"])
            .map(|path| path.display().to_string());
        lines.extend([
            "tls-port {port}".to_owned(),
            format!("tls-cert-file {certificate}"),
            format!("tls-key-file {key}"),
            format!("tls-ca-cert-file {}", ca.pem_file().display()),
            "tls-auth-clients no".to_owned(),
            "tls-replication yes".to_owned(),
            "tls-cluster yes".to_owned(),
        ]);
    }
    lines
}

/// Asserts that a node has let everybody do what they asked for.
fn refused_nothing(node: &RedisServer, program: &Program) {
    let refused: Vec<redis::Value> = ask(node, &["ACL", "LOG"]);
    assert!(
        refused.is_empty(),
        "{} refused something: {refused:?}",
        program.name
    );
}

/// The URL for a user of a node.
fn url(node: &RedisServer, is_tls: bool, login: &str) -> String {
    if !is_tls {
        return format!("redis://{login}@{}", node.address());
    }
    let port: Vec<String> = ask(node, &["CONFIG", "GET", "tls-port"]);
    format!("rediss://{login}@127.0.0.1:{}", port[1])
}

/// Pushes until that is accepted, and waits until it was delivered.
async fn push(system: &System, receiver: &Receiver) {
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let id = eventually(LONG, "the event to be accepted", async || {
        let reply = system.backend().post("/api/events", &event).await;
        check(reply.status == 202, reply.text.clone())?;
        Ok(reply.body["id"].as_str().unwrap().to_owned())
    })
    .await;
    eventually(LONG, "the event to be delivered", async || {
        let received = receiver.received();
        let came = received.iter().any(|one| one.expect_header("webhook-id") == id);
        check(came, format!("{} came", received.len()))
    })
    .await;
}

/// A system on such a cluster of a server program goes on when the shard's node was killed.
pub(crate) async fn goes_on(program: &Program, ca: Option<&TestCa>) {
    let mut cluster =
        tokio::task::block_in_place(|| Cluster::start_guarded(program, &settings(ca), &users()));
    let logins =
        ["api", "worker", "operator"].map(|user| format!("{user}:{}", cluster.nodes[0].password(user)));
    let primary = cluster.take_primary(slot());
    let one = cluster.another_primary();
    let [api, worker, operator] = logins.map(|login| url(one, ca.is_some(), &login));
    let authority = ca.map(|ca| ("REDIS_CA_FILE", ca.pem_file().display().to_string()));
    let mut builder = System::builder().on(primary);
    if let Some((name, file)) = &authority {
        builder = builder.env(name, file);
    }
    let builder = builder.api_env("REDIS_URL", api).worker_env("REDIS_URL", worker);
    let mut system = builder.start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    customer.create_endpoint(&receiver.url("/hook"), &["*"]).await;
    push(&system, &receiver).await;

    system.redis.kill9();
    tokio::task::block_in_place(|| cluster.exchange(slot(), &mut system.redis));
    push(&system, &receiver).await;
    let environment: Vec<_> = [("REDIS_URL", operator)]
        .into_iter()
        .chain(authority)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    eventually(LONG, "what is stored to be sound", async || {
        let checked = tokio::task::block_in_place(|| Process::run("webhooksctl", &["check"], &environment));
        let said = String::from_utf8([checked.stdout, checked.stderr].concat()).unwrap();
        check(checked.status.success(), said)
    })
    .await;
    for node in cluster.nodes.iter().chain([&system.redis]) {
        if node.raw("PING").is_ok() {
            refused_nothing(node, program);
        }
    }
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_and_least_rights_they_go_on_with_the_replica() {
    goes_on(&oldest_program(), Some(&TestCa::new())).await;
}

/// What docs/operations.md gives to whoever moves shards is enough for that, in one step and key by key; and so is what it gives to the user
/// that nodes log in as at each other.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_with_least_rights_moves_a_shard() {
    for program in [oldest_program(), Program::usual()] {
        moves_a_shard(&program).await;
    }
}

/// A system on such a cluster goes on when an operator has moved its shard, who has the rights of `mover`.
pub(crate) async fn moves_a_shard(program: &Program) {
    let Mover { line, here, replica } = mover();
    let hash = hex::encode(Sha256::digest("of-mover"));
    let (mut users, mut line) = (users(), line.replace("<SHA-256>", &hash));
    if program.name.starts_with("Valkey 9.") {
        users = users.replace("+psync +replconf", &format!("+psync +replconf {replica}"));
        line = format!("{line} {here}");
    }
    let users = format!("{users}{line}\n");
    let mut cluster =
        tokio::task::block_in_place(|| Cluster::start_guarded(program, &settings(None), &users));
    let [api, worker] = ["api", "worker"].map(|user| format!("{user}:{}", cluster.nodes[0].password(user)));
    let primary = cluster.take_primary(slot());
    let other = cluster.another_primary();
    let [api, worker, mover] =
        [api, worker, "mover:of-mover".to_owned()].map(|login| url(other, false, &login));
    let (to, reader) = (other.address().to_string(), worker.clone());
    let builder = System::builder().on(primary).env("SHARDS", "1");
    let builder = builder.api_env("REDIS_URL", api).worker_env("REDIS_URL", worker);
    let mut system = builder.start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    customer.create_endpoint(&receiver.url("/hook"), &["*"]).await;
    push(&system, &receiver).await;
    let load = Load::start(&system, &Shape::gentle(system.account()));
    more_accepted(&load, 20).await;
    let moved = tokio::task::block_in_place(|| {
        let environment = [("REDIS_URL".to_owned(), mover)];
        let order = ["--by", "bob", "--why", "the old one goes", "--json"];
        let arguments = [&["shards", "move", "0", &to], &order[..]].concat();
        Process::run("webhooksctl", &arguments, &environment)
    });
    let document: serde_json::Value = serde_json::from_slice(&moved.stdout).unwrap_or_default();
    let said = String::from_utf8([moved.stdout, moved.stderr].concat()).unwrap();
    eprintln!("{}: {said}", program.name);
    for node in cluster.nodes.iter().chain([&system.redis]) {
        refused_nothing(node, program);
    }
    assert!(moved.status.success(), "{}: {said}", program.name);
    assert_eq!(document["to"], to.as_str(), "{said}");
    let audited = tokio::task::block_in_place(|| {
        let environment = [("REDIS_URL".to_owned(), reader)];
        Process::run("webhooksctl", &["audit"], &environment)
    });
    let noted = String::from_utf8([audited.stdout, audited.stderr].concat()).unwrap();
    let lines = noted
        .lines()
        .filter(|line| line.contains("shards move") && line.contains("the old one goes"));
    assert_eq!(
        lines.count(),
        2,
        "{}: it begins and is done: {noted}{said}",
        program.name
    );
    tokio::task::block_in_place(|| cluster.exchange(slot(), &mut system.redis));
    more_accepted(&load, 20).await;
    let loaded = load.stop().await;
    assert!(!loaded.accepted.is_empty());
    push(&system, &receiver).await;
    system.stop();
}
