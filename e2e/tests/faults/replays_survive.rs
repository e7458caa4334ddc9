//! Runs a replay of many while workers, the API and Redis die. The replay makes each delivery once, and the endpoint loses no
//! live event.
//!
//! Proves (guarantees): a replay of many is interrupted by a worker's death

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::receiver::Answer;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};
use store::Store;

use crate::scene::{Scene, builder, more_accepted};
use crate::worker_scene::respawn;

const SOURCES: usize = 300;

/// Every delivery is exhausted at once, so that there is something to replay.
async fn with_exhausted() -> Scene {
    let scene = Scene::start(
        builder()
            .workers(2)
            .env("RETRY_SCHEDULE", "")
            .env("DISABLE_AFTER", "1000000"),
    )
    .await;
    scene.receiver.always("/one", Answer::status(500));
    let account = scene.system.account();
    let items: Vec<_> = (0..SOURCES)
        .map(|number| json!({"accountId": account, "event": "lead.captured", "chatbotId": "b", "data": {"n": number}}))
        .collect();
    let backend = scene.system.backend();
    for some in items.chunks(100) {
        backend.push_batch(some).await;
    }
    let failed = format!("wh:{{0}}:failed:{}", scene.endpoints[0].id);
    eventually(LONG, "every delivery to be exhausted", async || {
        let count: usize = scene.redis(&["ZCARD", &failed]);
        check(count == SOURCES, format!("{count} of {SOURCES}"))
    })
    .await;
    scene.receiver.always("/one", Answer::status(200));
    scene
}

async fn progress(scene: &Scene, id: &str) -> Option<Value> {
    let path = format!("/api/webhooks-config/{}/replays/{id}", scene.endpoints[0].id);
    let reply = scene.system.customer().get(&path).await;
    // Meanwhile Redis may be away.
    (reply.status == 200).then_some(reply.body)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_delivery_is_made_once_whatever_dies_meanwhile() {
    let mut scene = with_exhausted().await;
    let endpoint = scene.endpoints[0].id.clone();
    let path = format!("/api/webhooks-config/{endpoint}/replay");
    let started = scene
        .system
        .customer()
        .post(&path, &json!({"since": "2020-01-01T00:00:00Z"}))
        .await;
    // The span is too long: the refusal says so, and nothing began.
    assert_eq!(
        (started.status, started.code()),
        (422, "invalid_span"),
        "{}",
        started.text
    );
    let since = domain::clock::Timestamp::now().as_millis() - 3_600_000;
    let since = domain::clock::Timestamp::from_millis(i64::try_from(since).unwrap()).unwrap();
    let replay = scene
        .system
        .customer()
        .post(&path, &json!({"since": since.to_string()}))
        .await
        .expect(202)
        .body;
    let id = replay["id"].as_str().unwrap().to_owned();

    let load = scene.load();
    for round in 0..6 {
        more_accepted(&load, 5).await;
        let victim = round % 2;
        scene.system.workers[victim].kill9();
        scene.system.workers[victim].restart();
        if round == 3 {
            scene.system.redis.kill9();
            scene.system.redis.restart();
        }
    }
    let loaded = load.stop().await;
    for worker in &mut scene.system.workers {
        respawn(worker).await;
    }
    eventually(LONG, "the replay to end", async || {
        let seen = progress(&scene, &id).await;
        let is_over = seen.as_ref().is_some_and(|seen| {
            seen["state"] == "finished" && seen["made"] == seen["succeeded"] && seen["made"] == SOURCES
        });
        check(is_over, format!("{seen:?}"))
    })
    .await;

    // Replays carry the id of the event, and each was made once.
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in scene.receiver.received_at("/one") {
        if request.header("x-rkt-replay") == Some("true") {
            let header = |name: &str| request.header(name).unwrap().to_owned();
            let deliveries = made.entry(header("webhook-id")).or_default();
            let delivery = header("x-rkt-delivery");
            if !deliveries.contains(&delivery) {
                deliveries.push(delivery);
            }
        }
    }
    assert_eq!(made.len(), SOURCES);
    assert!(made.values().all(|deliveries| deliveries.len() == 1), "{made:#?}");
    assert!(!loaded.accepted.is_empty());
    let store = Store::new(&scene.system.redis.args()).unwrap();
    eventually(
        Duration::from_secs(120),
        "the live events to arrive",
        async || {
            let waiting: usize = scene.redis(&["LLEN", &format!("wh:{{0}}:pending:{endpoint}")]);
            let leased: usize = scene.redis(&["ZCARD", "wh:{0}:leases"]);
            check(
                waiting + leased == 0,
                format!("{waiting} wait, {leased} are in flight"),
            )
        },
    )
    .await;
    let report = store.check().await.unwrap();
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    for event in &loaded.accepted {
        let arrived = scene.receiver.received_at("/one");
        assert!(
            arrived
                .iter()
                .any(|request| request.header("webhook-id") == Some(&event.id)),
            "{} was lost",
            event.id
        );
    }
    scene.system.stop();
}
