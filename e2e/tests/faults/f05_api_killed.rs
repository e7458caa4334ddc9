//! `kill -9` the API in mid-request: a repeat with the same `Idempotency-Key` makes one event.
//!
//! Proves (guarantees): the API is killed in mid-request

use std::time::Duration;

use e2e::client::Caller;
use e2e::fault_proxy::Fault;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;

use crate::scene::{Scene, behind_proxy, blocking, builder, more_accepted};

/// The API dies again and again while callers wait for its answers. They repeat with the same keys, and every event is
/// there once: the account finds as many events as there were keys.
#[tokio::test(flavor = "multi_thread")]
async fn under_load_every_key_makes_one_event() {
    let mut scene = Scene::start(builder()).await;
    let load = scene.load();
    for _ in 0..5 {
        more_accepted(&load, 60).await;
        blocking(|| {
            scene.system.api.kill9();
            scene.system.api.restart();
        });
    }
    let loaded = load.stop().await;
    assert!(loaded.refusals() > 0, "no request was cut");
    scene.all_delivered(loaded, 0).await;
}

/// The worst moment: Redis has the event, and the API is killed before it can answer.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_event_was_stored_and_before_the_answer() {
    let (redis, proxy) = behind_proxy().await;
    let mut scene = Scene::start(builder().on(redis).api_env("REDIS_URL", proxy.redis_url())).await;
    let event = json!({
        "accountId": scene.system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {"n": 1},
    });
    let backend = scene.system.backend();
    let request = |key: &str| {
        backend
            .request(Method::POST, "/api/events")
            .header("idempotency-key", key)
            .json(&event)
    };
    // Has the script loaded, so that the next call is the one that stores.
    let first = Caller::send(request("first")).await.expect(202);
    proxy.set(Fault::Delay(Duration::from_millis(400)));
    let cut = tokio::spawn(Caller::try_send(request("second")));
    eventually(LONG, "the second event to be stored", async || {
        let events: u32 = scene.redis(&["HGET", "wh:{0}:stats", "events"]);
        check(events == 2, format!("{events} events"))
    })
    .await;
    blocking(|| scene.system.api.kill9());
    assert!(cut.await.unwrap().is_err(), "the API was killed and answered");
    proxy.set(Fault::None);
    scene.system.api.restart();
    scene.system.wait_ready().await;

    let again = Caller::send(request("second")).await.expect(202);
    assert_eq!(again.body["duplicate"], true, "{}", again.text);
    let pushed = [first, again].map(|reply| e2e::client::Pushed {
        id: reply.body["id"].as_str().unwrap().to_owned(),
        deliveries: reply.body["deliveries"].as_u64().unwrap(),
    });
    let balance = scene.every_event_delivered(pushed.to_vec()).await;
    assert_eq!(balance.delivered, 4);
}
