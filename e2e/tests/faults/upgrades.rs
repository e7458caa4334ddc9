//! Upgrades: the store carries the version of its schema, and a release finds what the one before stored. (`f20` restarts
//! workers one by one under load.)
//!
//! Proves (guarantees): the stored data has a schema that a program doesn't know

use e2e::load::Loaded;
use e2e::receiver::Receiver;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;
use store::identity::newest_schema;

use crate::scene::{Scene, ask, assert_refused_at_start, builder};

/// A program that doesn't know the schema of the store leaves it alone, and says what to do.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_schema_is_refused_at_start() {
    let scene = Scene::start(builder().workers(0)).await;
    let stored: String = scene.redis(&["HGET", "wh:meta", "schema"]);
    let account = scene.system.account();
    let event = scene
        .system
        .backend()
        .push(account, "lead.captured", json!({}))
        .await;
    let next = (newest_schema().parse::<u32>().unwrap() + 1).to_string();
    for unknown in [next.as_str(), "0", "what"] {
        scene.redis::<i64>(&["HSET", "wh:meta", "schema", unknown]);
        assert_refused_at_start(
            &scene,
            &["schema", unknown, "use the version of the programs that wrote it"],
        );
    }
    scene.redis::<i64>(&["HSET", "wh:meta", "schema", &stored]);

    let mut scene = scene;
    scene.system.add_worker();
    scene.system.wait_ready().await;
    let loaded = Loaded {
        accepted: vec![event],
        ..Loaded::default()
    };
    scene.all_delivered(loaded, 0).await;
}

/// The previous release didn't enter endpoints that their owners switched off in `parked`, where upkeep looks. A starting worker
/// enters them.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_off_before_is_found_by_a_worker() {
    let mut system = builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer_of("org_before");
    let endpoint = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await;
    let patch = json!({"id": endpoint.id, "active": false});
    assert_eq!(customer.patch("/api/webhooks-config", &patch).await.status, 200);
    assert_eq!(ask::<i64>(&system.redis, &["DEL", "wh:{0}:parked"]), 1);
    system.add_worker();
    system.wait_ready().await;
    eventually(LONG, "the endpoint to be found", async || {
        let parked: Vec<String> = ask(&system.redis, &["ZRANGE", "wh:{0}:parked", "0", "-1"]);
        check(parked == [endpoint.id.clone()], format!("parked is {parked:?}"))
    })
    .await;
    system.stop();
}
