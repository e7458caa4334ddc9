//! A store in the forms of the release before: programs work with them, and change to newer ones once nobody needs the old ones.
//!
//! Proves (guarantees): programs of two releases work on one store

use std::collections::{BTreeSet, HashMap};

use domain::clock::Timestamp;
use e2e::before::{self, Program};
use e2e::client::Caller;
use e2e::listing::deliveries;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::{RedisServer, shipped_users};
use e2e::state::key;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;
use store::identity::newest_schema;

use crate::scene::{Scene, ask, blocking, builder, store};

/// A system with the programs' rights on a guarded server.
async fn system_on(server: RedisServer) -> System {
    builder()
        .on_guarded(server)
        .env("RETRY_SCHEDULE", "50ms")
        .start()
        .await
}

/// The names of the fields that an endpoint's log has, as they are stored, of each entry about an attempt.
pub(crate) fn stored(system: &System, endpoint: &str) -> Vec<BTreeSet<String>> {
    let log = key(&format!("log:{endpoint}"));
    let entries: Vec<(String, HashMap<String, String>)> = ask(&system.redis, &["XRANGE", &log, "-", "+"]);
    let fields = entries
        .into_iter()
        .map(|(_, entry)| entry.into_keys().collect::<BTreeSet<_>>());
    fields.filter(|fields| fields.contains("attempt")).collect()
}

/// Pushes events, and waits until the log has an entry of each attempt.
async fn push(system: &System, receiver: &Receiver, endpoint: &str, count: usize, logged: usize) {
    let before = receiver.received_at("/hook").len();
    for number in 0..count {
        let data = json!({"number": number});
        system
            .backend()
            .push(system.account(), "lead.captured", data)
            .await;
    }
    receiver.wait_for_at("/hook", before + count).await;
    eventually(LONG, "the attempts to be logged", async || {
        let found = stored(system, endpoint).len();
        check(found >= logged, format!("{found} of {logged}"))
    })
    .await;
}

/// The store stays as it was while a program of before is connected, and changes once it is gone. What was logged before and what
/// is logged afterwards is listed, shown and replayed alike.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_changes_to_newer_forms_once_no_program_of_before_is_connected() {
    let server = RedisServer::start_guarded();
    before::make_store(&server);
    let program = Program::connect(&server.url_as("worker"));
    let mut system = system_on(server).await;
    let receiver = Receiver::start().await;
    receiver.then("/hook", [Answer::status(500)]);
    let customer = system.customer();
    let endpoint = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
    push(&system, &receiver, &endpoint, 5, 6).await;
    eventually(LONG, "the worker to say what it waits for", async || {
        let log = system.workers[0].log();
        let said = log.contains("keeps its older form") && log.contains("user worker, last command hgetall");
        check(said, log)
    })
    .await;
    assert_eq!(before::schema(&system.redis), "1");
    let in_fields = stored(&system, &endpoint);
    assert!(
        in_fields
            .iter()
            .all(|fields| fields.contains("delivery") && fields.contains("ms")),
        "{in_fields:?}"
    );

    drop(program);
    before::wait_for_schema(&system.redis, newest_schema()).await;
    let identity: String = ask(&system.redis, &["HGET", "wh:meta", "store"]);
    assert_eq!(
        identity,
        format!("of-before+s{}", newest_schema()),
        "programs of before do nothing here any more"
    );
    receiver.then("/hook", [Answer::status(500)]);
    push(&system, &receiver, &endpoint, 5, 12).await;
    let packed = stored(&system, &endpoint).split_off(in_fields.len());
    assert_eq!((in_fields.len(), packed.len()), (6, 6));
    let names: BTreeSet<_> = packed.into_iter().flatten().collect();
    assert!(
        names.contains("error") && !names.contains("delivery") && !names.contains("ms"),
        "{names:?}"
    );

    let deliveries = deliveries(&customer, &endpoint, "limit=3").await;
    let distinct: BTreeSet<_> = deliveries
        .iter()
        .map(|delivery| delivery["id"].as_str().unwrap())
        .collect();
    assert_eq!((deliveries.len(), distinct.len()), (10, 10));
    for delivery in &deliveries {
        let path = format!(
            "/api/webhooks-config/{endpoint}/deliveries/{}",
            delivery["id"].as_str().unwrap()
        );
        let shown = customer.get(&path).await.expect(200).body;
        let attempts = shown["attemptLog"].as_array().unwrap();
        assert_eq!(json!(attempts.len()), delivery["attempts"], "{shown}");
        let last = attempts.last().unwrap();
        assert_eq!(
            (
                &last["outcome"],
                &last["httpStatus"],
                &delivery["status"],
                &delivery["event"]
            ),
            (
                &json!("succeeded"),
                &json!(200),
                &json!("succeeded"),
                &json!("lead.captured")
            )
        );
        assert!(last["timing"]["firstByteMs"].is_number(), "{last}");
    }
    let since = Timestamp::now().as_millis().saturating_sub(3_600_000);
    let since = Timestamp::from_millis(since.try_into().unwrap()).unwrap();
    let replay = json!({"since": since.to_string(), "status": "succeeded"});
    let path = format!("/api/webhooks-config/{endpoint}/replay");
    let mut dry_run = replay.clone();
    dry_run["dryRun"] = json!(true);
    assert_eq!(
        customer.post(&path, &dry_run).await.expect(200).body["matching"],
        10
    );
    assert_eq!(customer.post(&path, &replay).await.status, 202);
    receiver.wait_for_at("/hook", 12 + 10).await;

    let (done, said) = upgrade(&system, &[]);
    assert!(done && said.contains("nothing is to be done"), "{said}");
    let refusals: Vec<redis::Value> = ask(&system.redis, &["ACL", "LOG"]);
    assert!(refusals.is_empty(), "Redis refused {refusals:?}");
    e2e::state::assert_nothing_left(&system.redis).await;
    assert_eq!(store(&system.redis).check().await.unwrap().violations, []);
    system.stop();
}

fn upgrade(system: &System, words: &[&str]) -> (bool, String) {
    let environment = [("REDIS_URL".to_owned(), system.redis.url_as("worker"))];
    let words = [&["store", "upgrade"], words].concat();
    let output = blocking(|| Process::run("webhooksctl", &words, &environment));
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

/// With the access list of before, connections have no names and nobody sees who is connected. An operator sees to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_changes_the_forms_where_redis_tells_nobody_who_is_connected() {
    let mut server = RedisServer::start_guarded();
    let users = shipped_users();
    server.set_users(users.replace("+client|setname ", "").replace("+client|list ", ""));
    server.restart();
    before::make_store(&server);
    let mut system = system_on(server).await;
    eventually(LONG, "the worker to say that it can't see", async || {
        let log = system.workers[0].log();
        check(log.contains("webhooksctl store upgrade"), log)
    })
    .await;
    let (done, said) = upgrade(&system, &[]);
    assert!(!done && said.contains("Stop every webhooks-api"), "{said}");
    assert_eq!(before::schema(&system.redis), "1");
    let (done, said) = upgrade(&system, &["--all-are-stopped"]);
    assert!(
        done && said.contains(&format!("schema {} now", newest_schema())),
        "{said}"
    );
    let (done, said) = upgrade(&system, &["--all-are-stopped"]);
    assert!(done && said.contains("nothing is to be done"), "{said}");

    let receiver = Receiver::start().await;
    let customer = system.customer();
    let endpoint = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
    push(&system, &receiver, &endpoint, 3, 3).await;
    assert!(
        stored(&system, &endpoint)
            .iter()
            .all(|fields| !fields.contains("delivery"))
    );
    system.stop();
}

/// A store that a newer release has changed: programs that run say so and do nothing, until the data of before is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_programs_do_not_know_stops_them_visibly() {
    let scene = Scene::start(builder()).await;
    let event = scene.system.backend();
    let first = event
        .push(scene.system.account(), "lead.captured", json!({}))
        .await;
    scene.receiver.wait_for(2).await;
    let identity: String = scene.redis(&["HGET", "wh:meta", "store"]);
    let newest = newest_schema();
    let next = (newest.parse::<u32>().unwrap() + 1).to_string();
    let newer = format!("{}+s{next}", identity.trim_end_matches(&format!("+s{newest}")));
    scene.redis::<i64>(&["HSET", "wh:meta", "schema", &next, "store", &newer]);
    for url in [
        scene.system.api_url(),
        format!(
            "http://{}",
            scene.system.workers[0].variable("WORKER_LISTEN").unwrap()
        ),
    ] {
        let probe = Caller::new(&url, None);
        eventually(LONG, "the program to say why it does nothing", async || {
            let reply = probe.get("/readyz").await;
            let says = reply
                .text
                .contains(&format!("schema {next}, this program knows 1, 2, 3"));
            check(reply.status == 503 && says, reply.text)
        })
        .await;
    }
    let body =
        json!({"accountId": scene.system.account(), "event": "lead.captured", "chatbotId": "b", "data": {}});
    let refused = scene.system.backend().post("/api/events", &body).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (503, &json!("store_replaced"))
    );

    scene.redis::<i64>(&["HSET", "wh:meta", "schema", newest, "store", &identity]);
    let mut scene = scene;
    scene.system.wait_ready().await;
    let second = event
        .push(scene.system.account(), "lead.captured", json!({}))
        .await;
    scene.every_event_delivered(vec![first, second]).await;
}
