//! Pausing a whole account, by the backend.
//!
//! Proves (guarantees): what an operator holds, an owner sees and can't lift

use e2e::receiver::Receiver;
use e2e::state::assert_nothing_left;
use e2e::system::{MANAGE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api, assert_refused, everything};

const PATH: &str = "/api/accounts/org_2test/pause";

#[tokio::test(flavor = "multi_thread")]
async fn the_backend_pauses_an_account_and_nothing_of_it_is_lost() {
    let system = System::start().await;
    let receiver = Receiver::start().await;
    let (customer, manager) = (system.customer(), system.caller(MANAGE_KEY));
    let first = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
    let unpaused = json!({"paused": false, "since": null, "reason": null});
    assert_eq!(manager.get(PATH).await.expect(200).body, unpaused);

    let paused = manager
        .put(PATH, &json!({"reason": "not paid"}))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&paused["paused"], &paused["reason"]),
        (&json!(true), &json!("not paid"))
    );
    // Both spellings of the account mean the same. The same again changes nothing; another reason counts from now on.
    let spelled = "/api/accounts/org:org_2test/pause";
    let same = manager.put(spelled, &json!({"reason": "not paid"})).await;
    assert_eq!(same.expect(200).body, paused);
    let again = json!({"reason": "not paid yet"});
    let other = manager.put(PATH, &again).await.expect(200).body;
    assert_eq!(other["reason"], "not paid yet");
    assert_eq!(manager.get(PATH).await.expect(200).body, other);

    // One that is made meanwhile is paused as well, and its owner can't end it.
    let second = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
    for id in [&first, &second] {
        let path = format!("{ENDPOINTS}/{id}");
        let seen = customer
            .patch(&path, &json!({"active": true}))
            .await
            .expect(200)
            .body;
        let hold = &seen["operatorHold"];
        assert_eq!(
            (&seen["state"], &hold["action"], &hold["scope"], &hold["reason"]),
            (
                &json!("active"),
                &json!("pause"),
                &json!("account"),
                &json!("not paid yet")
            )
        );
    }
    let pushed = system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    assert_eq!(pushed.deliveries, 2);
    for id in [&first, &second] {
        system
            .wait_for_endpoint(id, "the delivery to be parked", |endpoint| {
                endpoint["health"]["parked"]["deliveries"] == 1
            })
            .await;
    }
    assert_eq!(receiver.count(), 0);

    for _ in 0..2 {
        let _reply = manager.delete(PATH).await.expect(204);
    }
    receiver.wait_for_at("/hook", 2).await;
    eventually(LONG, "both to be told as delivered", async || {
        let list = customer.get(ENDPOINTS).await.expect(200).body;
        let endpoints = list["endpoints"].as_array().unwrap();
        let are_free = endpoints
            .iter()
            .all(|one| one["operatorHold"] == Value::Null && one["queueDepth"] == 0);
        check(are_free, list.to_string())
    })
    .await;
    assert_eq!(manager.get(PATH).await.expect(200).body, unpaused);
    assert_nothing_left(&system.redis).await;
    system.finish().await;
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let mut system = api().await;
    let manager = system.caller(MANAGE_KEY);
    let before = everything(&system);
    for (body, code, field) in [
        (json!({}), "missing_field", "reason"),
        (json!({"reason": ""}), "invalid_value", "reason"),
        (json!({"reason": "a\nb"}), "invalid_value", "reason"),
        (json!({"reason": "x".repeat(501)}), "invalid_value", "reason"),
        (json!({"reason": 7}), "invalid_type", "reason"),
        (json!({"reason": "x", "until": 1}), "unknown_field", "until"),
    ] {
        let reply = manager.put(PATH, &body).await;
        assert_refused(&Method::PUT, PATH, &reply, 422, code, field);
    }
    let reply = manager.get("/api/accounts/acme/pause").await;
    assert_refused(
        &Method::GET,
        "/api/accounts/acme/pause",
        &reply,
        422,
        "invalid_account_id",
        "accountId",
    );
    let reply = manager.get(&format!("{PATH}?full=1")).await;
    assert_refused(&Method::GET, PATH, &reply, 422, "unknown_parameter", "full");
    assert_eq!(everything(&system), before);
    system.stop();
}
