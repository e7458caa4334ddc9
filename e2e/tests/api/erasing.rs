//! Erasing an event, as its owner sees it.
//!
//! Proves (guarantees): an event is erased, wherever its payload is, and whatever becomes of its deliveries meanwhile

use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

use crate::fixture::EVENTS;
use crate::log_scene::{HOOK, LogScene, text};

async fn erase(scene: &LogScene, event: &str) {
    let _reply = scene
        .customer
        .delete(&format!("{EVENTS}/{event}"))
        .await
        .expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_said_and_what_was_answered_is_shown_no_more() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "")).await;
    let event = scene
        .push(json!({"then": 500, "email": "maria@example.com"}))
        .await
        .id;
    let delivery = text(&scene.listed("status=exhausted", 1).await[0], "id");
    let before = scene.delivery(&delivery).await;
    assert_eq!(before["payload"]["data"]["email"], "maria@example.com");
    assert_eq!(before["attemptLog"][0]["responseSnippet"], "what went wrong");
    assert_eq!(before["attemptLog"][0]["erased"], false);

    // Twice: whoever got no answer asks again.
    for _ in 0..2 {
        erase(&scene, &event).await;
        let after = scene.delivery(&delivery).await;
        assert_eq!(
            (&after["payload"], &after["status"]),
            (&Value::Null, &json!("exhausted"))
        );
        let attempt = &after["attemptLog"][0];
        for gone in ["responseSnippet", "responseHeaders", "detail"] {
            assert_eq!(attempt[gone], Value::Null, "{gone}");
        }
        for kept in ["at", "attempt", "outcome", "httpStatus", "durationMs", "error"] {
            assert_eq!(attempt[kept], before["attemptLog"][0][kept], "{kept}");
        }
        assert_eq!(attempt["erased"], true);
    }
    let trace = scene
        .customer
        .get(&format!("{EVENTS}/{event}"))
        .await
        .expect(200)
        .body;
    assert!(trace["erasedAt"].is_string(), "{trace}");
    let refused = scene.replay(&delivery).await;
    assert_eq!(refused.status, 410, "{}", refused.text);
    let unknown = scene
        .customer
        .delete(&format!("{EVENTS}/evt_{}", "0".repeat(26)))
        .await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (404, &json!("event_not_found"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_and_what_waits_ends_canceled() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "1h")).await;
    let in_flight = scene.push(json!({"then": "hold"})).await.id;
    scene.listed("status=in_flight", 1).await;
    let waits = scene.push(json!({"then": 500})).await.id;
    for (event, what) in [(&in_flight, "in flight"), (&waits, "waits")] {
        erase(&scene, event).await;
        let trace = scene
            .customer
            .get(&format!("{EVENTS}/{event}"))
            .await
            .expect(200)
            .body;
        assert_eq!(trace["deliveries"][0]["status"], "canceled", "{what}: {trace}");
        assert_eq!(trace["deliveries"][0]["error"], "erased", "{what}: {trace}");
    }
    scene.receiver.open_gate();
    // The answer to what was in flight changes nothing any more, and others go on.
    let next = scene.push(json!({})).await.id;
    eventually(LONG, "the next event", async || {
        let trace = scene
            .customer
            .get(&format!("{EVENTS}/{next}"))
            .await
            .expect(200)
            .body;
        check(trace["deliveries"][0]["status"] == "succeeded", trace.to_string())
    })
    .await;
    let requests = scene.receiver.received_at(HOOK);
    let of = |event: &str| {
        requests
            .iter()
            .filter(|one| one.header("webhook-id") == Some(event))
            .count()
    };
    assert_eq!(of(&in_flight), 1);
    let trace = scene
        .customer
        .get(&format!("{EVENTS}/{in_flight}"))
        .await
        .expect(200)
        .body;
    assert_eq!(trace["deliveries"][0]["status"], "canceled");
}
