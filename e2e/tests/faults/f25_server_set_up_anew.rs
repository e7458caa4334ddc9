//! Changes the server's configuration while everything runs.
//!
//! If events could get lost, the API refuses them; everything else is a warning, and work goes on.
//!
//! Proves (guarantees): the server is set to evict, or refuses scripts, while all runs

use e2e::client::{Caller, Reply};
use e2e::redis_server::RedisServer;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

use crate::scene::{Scene, ask, builder};

fn set(redis: &RedisServer, name: &str, value: &str) {
    ask::<()>(redis, &["CONFIG", "SET", name, value]);
}

/// Waits until `/readyz` answers this status, with these words or without.
async fn ready(caller: &Caller, status: u16, words: &str, are_there: bool) -> Reply {
    eventually(LONG, words, async || {
        let ready = caller.get("/readyz").await;
        if ready.status == status && ready.text.contains(words) == are_there {
            Ok(ready)
        } else {
            Err(ready.text)
        }
    })
    .await
}

fn worker(scene: &Scene) -> Caller {
    let listen = scene.system.workers[0].variable("WORKER_LISTEN").unwrap();
    Caller::new(&format!("http://{listen}"), None)
}

fn event(scene: &Scene) -> Value {
    json!({"accountId": scene.system.account(), "event": "lead.captured", "chatbotId": "b", "data": {}})
}

/// The codes of the warnings in the account's summary.
async fn warned(scene: &Scene) -> Vec<String> {
    let summary = scene
        .system
        .customer()
        .get("/api/webhooks-summary")
        .await
        .expect(200);
    let warnings = summary.body["warnings"].as_array().unwrap();
    let codes = warnings
        .iter()
        .map(|warning| warning["code"].as_str().unwrap().to_owned());
    codes.collect()
}

/// While the server would evict, events are refused, what was accepted is delivered, and what reads goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_evicts_gets_no_events() {
    let scene = Scene::start(builder()).await;
    let (customer, backend) = (scene.system.customer(), scene.system.backend());
    let mut accepted = vec![
        backend
            .push(scene.system.account(), "lead.captured", json!({}))
            .await,
    ];
    set(&scene.system.redis, "maxmemory-policy", "allkeys-lru");
    ready(&customer, 503, "noeviction", true).await;
    ready(&worker(&scene), 503, "noeviction", true).await;
    let refused = backend.post("/api/events", &event(&scene)).await.expect(503);
    assert_eq!(refused.code(), "store_unsafe", "{}", refused.text);
    let batch = json!({"events": [event(&scene)]});
    let refused = backend.post("/api/events/batch", &batch).await.expect(503);
    assert_eq!(refused.code(), "store_unsafe", "{}", refused.text);
    let listed = customer.get("/api/webhooks-config").await.expect(200);
    assert_eq!(listed.body["endpoints"].as_array().unwrap().len(), 2);
    set(&scene.system.redis, "maxmemory-policy", "noeviction");
    ready(&customer, 200, "noeviction", false).await;
    ready(&worker(&scene), 200, "noeviction", false).await;
    accepted.push(
        backend
            .push(scene.system.account(), "lead.captured", json!({}))
            .await,
    );
    scene.every_event_delivered(accepted).await;
}

/// Weaker durability, no limit of memory, and little memory left are warnings, in the account's summary too, and stop nobody.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_weaker_than_it_should_be_is_a_warning() {
    let scene = Scene::start(builder()).await;
    let customer = scene.system.customer();
    let redis = &scene.system.redis;
    assert_eq!(warned(&scene).await, [""; 0]);
    let mut accepted = Vec::new();
    for (name, value, usual, words, code, of_worker_too) in [
        (
            "appendfsync",
            "everysec",
            "always",
            "appendfsync everysec",
            "durability",
            false,
        ),
        (
            "appendonly",
            "no",
            "yes",
            "no append-only file",
            "durability",
            false,
        ),
        ("maxmemory", "0", "8gb", "no `maxmemory`", "no_memory_limit", true),
    ] {
        set(redis, name, value);
        let ready_now = ready(&customer, 200, words, true).await;
        assert_eq!(
            ready_now.body["warnings"].as_array().unwrap().len(),
            1,
            "{}",
            ready_now.text
        );
        assert_eq!(warned(&scene).await, [code]);
        ready(&worker(&scene), 200, words, of_worker_too).await;
        let (backend, account) = (scene.system.backend(), scene.system.account());
        accepted.push(backend.push(account, "lead.captured", json!({})).await);
        set(redis, name, usual);
        ready(&customer, 200, words, false).await;
    }
    let info: String = ask(redis, &["INFO", "memory"]);
    let used = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .unwrap();
    let limit = used.trim().parse::<u64>().unwrap() * 100 / 85;
    set(redis, "maxmemory", &limit.to_string());
    ready(&customer, 200, "of the memory that it may have", true).await;
    assert_eq!(warned(&scene).await, ["store_nearly_full"]);
    set(redis, "maxmemory", "8gb");
    ready(&customer, 200, "of the memory that it may have", false).await;
    scene.every_event_delivered(accepted).await;
}

/// The access list is changed so that scripts are refused: 503 with a code that says so, until it is corrected. Without the
/// right to read the configuration there is a warning.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_scripts_is_reported() {
    let mut scene = Scene::start(builder()).await;
    let (customer, backend) = (scene.system.customer(), scene.system.backend());
    let user = |right: &str| ask::<()>(&scene.system.redis, &["ACL", "SETUSER", "default", right]);
    for right in ["-evalsha", "-fcall"] {
        user(right);
    }
    ready(&customer, 503, "refuses to run our scripts", true).await;
    ready(&worker(&scene), 503, "refuses to run our scripts", true).await;
    let refused = backend.post("/api/events", &event(&scene)).await.expect(503);
    assert_eq!(refused.code(), "store_unsafe", "{}", refused.text);
    for right in ["+evalsha", "+fcall"] {
        user(right);
    }
    ready(&customer, 200, "refuses", false).await;
    user("-config|get");
    ready(&customer, 200, "CONFIG is not allowed", true).await;
    assert_eq!(warned(&scene).await, ["config_unreadable"]);
    user("+config|get");
    ready(&customer, 200, "CONFIG is not allowed", false).await;
    let accepted = vec![
        backend
            .push(scene.system.account(), "lead.captured", json!({}))
            .await,
    ];
    scene.assert_all_run();
    scene.every_event_delivered(accepted).await;
}

/// Deliveries wait and no worker does its upkeep, since the only one works in another database: a warning after 20 s, and the
/// API stays in its balancer. With a worker it ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_in_another_database_is_missed() {
    let redis = RedisServer::start();
    let elsewhere = format!("{}/1", redis.url());
    let builder = builder().on(redis).worker_env("REDIS_URL", elsewhere);
    let mut scene = Scene::start(builder).await;
    let customer = scene.system.customer();
    ready(&customer, 200, "no worker", false).await;
    let accepted = vec![
        scene
            .system
            .backend()
            .push(scene.system.account(), "lead.captured", json!({}))
            .await,
    ];
    ready(&customer, 200, "no worker", true).await;
    assert_eq!(warned(&scene).await, ["no_worker"]);
    scene.system.worker_environment.clear();
    scene.system.add_worker();
    scene.system.wait_ready().await;
    ready(&customer, 200, "no worker", false).await;
    eventually(LONG, "the summary without a warning", async || {
        let codes = warned(&scene).await;
        check(codes.is_empty(), format!("{codes:?}"))
    })
    .await;
    scene.every_event_delivered(accepted).await;
}
