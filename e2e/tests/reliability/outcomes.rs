//! What a delivery and its endpoint become after each kind of answer.

use std::time::Duration;

use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use serde_json::{Value, json};

async fn push(system: &System) -> String {
    let data = json!({"leadId": "clx1", "price": 1.10, "name": "Jøran"});
    system
        .backend()
        .push(system.account(), "lead.captured", data)
        .await
        .id
}

/// A receiver that answers 500 and recovers gets the same bytes under the same id, each attempt signed anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_is_repeated_until_the_receiver_recovers() {
    let system = System::start().await;
    let receiver = Receiver::start().await;
    receiver.then(
        "/hook",
        [
            Answer::garbage(),
            // A connection that ends without an answer is an attempt that failed once a second one does.
            Answer::reset(),
            Answer::reset(),
            Answer::close(),
            Answer::close(),
            Answer::status(500),
        ],
    );
    let endpoint = system
        .customer()
        .create_endpoint(&receiver.url("/hook"), &["lead.captured"])
        .await;
    let id = push(&system).await;
    let received = receiver.wait_for(7).await;
    for (number, request) in [1, 2, 2, 3, 3, 4, 5].into_iter().zip(&received) {
        assert_eq!(request.method, "POST");
        assert_eq!(request.expect_header("webhook-id"), id);
        assert_eq!(request.expect_header("x-rkt-attempt"), format!("{number}"));
        assert_eq!(request.expect_header("x-rkt-event"), "lead.captured");
        assert_eq!(request.expect_header("content-type"), "application/json");
        assert!(request.expect_header("user-agent").starts_with("RKT-Webhooks/"));
        assert_eq!(request.body, received[0].body, "the same bytes each time");
        assert_eq!(
            request.expect_header("x-rkt-delivery"),
            received[0].expect_header("x-rkt-delivery")
        );
    }
    let body = received[0].json();
    assert_eq!(body.as_object().unwrap().keys().len(), 4);
    assert_eq!(
        (&body["event"], &body["chatbotId"]),
        (&json!("lead.captured"), &json!("bot_1"))
    );
    assert!(std::str::from_utf8(&received[0].body).unwrap().contains("Jøran"));
    let done = system
        .wait_for_endpoint(&endpoint.id, "the success", |endpoint| {
            endpoint["lastAttempt"]["succeeded"] == true
        })
        .await;
    assert_eq!(done["consecutiveFailures"], 0);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_attempt_a_delivery_is_exhausted() {
    let (system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "20ms,20ms")
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(404));
    push(&system).await;
    let three = |endpoint: &Value| endpoint["consecutiveFailures"] == 3;
    let ended = system
        .wait_for_endpoint(&endpoint.id, "three failures", three)
        .await;
    assert_eq!(
        (&ended["queueDepth"], &ended["active"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(ended["lastAttempt"]["status"], 404);
    system.finish().await;
    assert_eq!(receiver.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let system = System::builder().env("RETRY_SCHEDULE", "").start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let mut ids = Vec::new();
    for status in [301, 302, 307, 308] {
        let path = format!("/{status}");
        receiver.always(&path, Answer::redirect(status, &receiver.url("/elsewhere")));
        ids.push(customer.create_endpoint(&receiver.url(&path), &["*"]).await.id);
    }
    push(&system).await;
    for id in ids {
        let failed = |endpoint: &Value| endpoint["consecutiveFailures"] == 1;
        let endpoint = system.wait_for_endpoint(&id, "the failure", failed).await;
        assert_eq!(endpoint["lastAttempt"]["error"], "redirect", "{endpoint}");
    }
    system.finish().await;
    assert!(receiver.received_at("/elsewhere").is_empty());
    assert_eq!(receiver.count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_disables_at_once() {
    let (mut system, receiver, endpoint) = System::start_with_hook().await;
    receiver.always("/hook", Answer::status(410));
    push(&system).await;
    let off = system
        .wait_for_endpoint(&endpoint.id, "the endpoint to be off", |endpoint| {
            endpoint["active"] == false
        })
        .await;
    assert_eq!(
        (&off["disabledReason"], &off["consecutiveFailures"]),
        (&json!("gone"), &json!(1))
    );
    assert_eq!(off["queueDepth"], 1, "the delivery is parked, not dropped");
    assert_eq!(receiver.count(), 1);
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured() {
    let (system, receiver, _) = System::builder()
        .env("RETRY_SCHEDULE", "10ms")
        .start_with_hook()
        .await;
    receiver.then("/hook", [Answer::status(503).header("retry-after", "3")]);
    push(&system).await;
    let received = receiver.wait_for(2).await;
    let waited = received[1].at - received[0].at;
    assert!(waited >= Duration::from_secs(3), "asked again after {waited:?}");
    system.finish().await;
}

/// Only the end of an exchange counts: a receiver that begins well and ends badly has failed, one whose body is huge
/// has not.
#[tokio::test(flavor = "multi_thread")]
async fn odd_receivers_are_judged_by_the_whole_exchange() {
    let system = System::builder().env("RETRY_SCHEDULE", "").start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let mut expected = Vec::new();
    for (path, answer, error) in [
        ("/short", Answer::cut_short(1000, "abc"), json!("protocol")),
        ("/headers", Answer::endless_headers(), json!("protocol")),
        ("/garbage", Answer::garbage(), json!("protocol")),
        ("/huge", Answer::endless_body(), Value::Null),
        (
            "/body",
            Answer::status(201).body("x".repeat(1_000_000)),
            Value::Null,
        ),
    ] {
        receiver.always(path, answer);
        let id = customer.create_endpoint(&receiver.url(path), &["*"]).await.id;
        expected.push((path, id, error));
    }
    push(&system).await;
    for (path, id, error) in expected {
        let endpoint = system
            .wait_for_endpoint(&id, "the attempt", |endpoint| !endpoint["lastAttempt"].is_null())
            .await;
        assert_eq!(endpoint["lastAttempt"]["error"], error, "{path}: {endpoint}");
    }
    system.finish().await;
}

/// Nobody listens, or nobody has that name: strikes like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_cannot_be_reached_has_failed() {
    let mut system = System::builder().env("RETRY_SCHEDULE", "").start().await;
    let mut receiver = Receiver::start().await;
    receiver.close().await;
    let customer = system.customer();
    let closed = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
    let unknown = customer
        .create_endpoint("http://nobody.invalid:8080/hook", &["*"])
        .await
        .id;
    push(&system).await;
    for (id, error) in [(closed, "connect"), (unknown, "dns")] {
        let endpoint = system
            .wait_for_endpoint(&id, "the attempt", |endpoint| !endpoint["lastAttempt"].is_null())
            .await;
        assert_eq!(endpoint["lastAttempt"]["error"], error, "{endpoint}");
        assert_eq!(endpoint["lastAttempt"]["status"], Value::Null);
    }
    system.stop();
}

/// Without `ALLOW_NETWORKS` nothing of this machine can be reached, by no name.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_keeps_deliveries_from_this_machine() {
    let mut system = System::builder().env("RETRY_SCHEDULE", "").start().await;
    let canary = Receiver::start().await;
    // Saved while it was allowed …
    let customer = system.customer();
    let id = customer.create_endpoint(&canary.url("/hook"), &["*"]).await.id;
    // … and sent by a worker that allows nothing.
    system
        .environment
        .push(("ALLOW_NETWORKS".to_owned(), String::new()));
    system.workers.clear();
    system.add_worker();
    system.wait_ready().await;
    push(&system).await;
    let endpoint = system
        .wait_for_endpoint(&id, "the attempt", |endpoint| !endpoint["lastAttempt"].is_null())
        .await;
    assert_eq!(endpoint["lastAttempt"]["error"], "blocked_address", "{endpoint}");
    assert_eq!(canary.connections(), 0);
    system.stop();
}
