//! Calls about keys of an account, and calls with one.

use e2e::fault_proxy::{Cut, SCRIPT};
use serde_json::json;

use super::with_api_behind_proxy;

const KEYS: &str = "/api/api-keys";

#[tokio::test(flavor = "multi_thread")]
async fn at_every_call_about_a_key() {
    let (mut scene, proxy) = with_api_behind_proxy().await;
    let customer = scene.system.customer();
    let id_at = async |place: usize| {
        let listed = customer.get(KEYS).await.expect(200).body;
        listed["keys"][place]["id"].as_str().unwrap().to_owned()
    };
    // Each script once without a fault, so that all are loaded.
    let first = customer.create_api_key(&["endpoints:read"]).await;
    let _reply = scene
        .system
        .caller(&first)
        .get("/api/event-types")
        .await
        .expect(200);
    let path = format!("{KEYS}?id={}", id_at(0).await);
    let _reply = customer.delete(&path).await.expect(204);

    let mut cuts = 0;
    let mut arm = || {
        cuts += 1;
        proxy.cut(Cut::answer_of(SCRIPT));
        cuts
    };
    let happened = |count: usize| assert_eq!(proxy.counters().answers_cut, count);
    let count = arm();
    let made = customer
        .post(KEYS, &json!({"name": "n", "scopes": ["endpoints:read"]}))
        .await;
    let made = made.expect(201).body;
    happened(count);
    assert_eq!(id_at(0).await, made["id"].as_str().unwrap(), "it was made once");
    let program = scene.system.caller(made["key"].as_str().unwrap());
    let count = arm();
    let _reply = program.get("/api/event-types").await.expect(200);
    happened(count);
    let path = format!("{KEYS}?id={}", id_at(0).await);
    let count = arm();
    let _reply = customer.delete(&path).await.expect(204);
    happened(count);
    assert_eq!(customer.get(KEYS).await.expect(200).body, json!({"keys": []}));
    scene.system.stop();
}
