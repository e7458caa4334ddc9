//! Retrying at once what waits for its next attempt.
//!
//! Proves (guarantees): retries are made at once when somebody asks for it

use e2e::receiver::Answer;
use e2e::state::assert_nothing_left;
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, assert_refused};

fn path(id: &str) -> String {
    format!("{ENDPOINTS}/{id}/retry")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_next_attempt_gets_it_now() {
    let (system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "1h,1h")
        .env("DISABLE_AFTER", "100")
        .start_with_hook()
        .await;
    let (customer, id) = (system.customer(), endpoint.id);
    let nothing = customer.post(&path(&id), &Value::Null).await.expect(200);
    assert_eq!(nothing.body, json!({"retried": 0}));

    receiver.always("/hook", Answer::status(401));
    for number in 0..3 {
        let data = json!({"number": number});
        system
            .backend()
            .push(system.account(), "lead.captured", data)
            .await;
    }
    system
        .wait_for_endpoint(&id, "three retries", |endpoint| {
            endpoint["health"]["queue"]["retrying"] == 3
        })
        .await;
    receiver.always("/hook", Answer::status(204));
    let retried = customer.post(&path(&id), &Value::Null).await.expect(200);
    assert_eq!(retried.body, json!({"retried": 3}));
    assert_nothing_left(&system.redis).await;
    let healthy = customer.endpoint(&id).await;
    assert_eq!(healthy["consecutiveFailures"], 0, "{healthy}");
    assert_eq!(receiver.count(), 6, "each came twice");
    system.finish().await;
}

/// What is parked waits for its endpoint, and for no time.
#[tokio::test(flavor = "multi_thread")]
async fn what_failures_have_disabled_is_switched_on_and_not_retried() {
    let (system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "1h,1h")
        .env("DISABLE_AFTER", "2")
        .start_with_hook()
        .await;
    let (customer, id) = (system.customer(), endpoint.id);
    receiver.always("/hook", Answer::status(500));
    for _ in 0..2 {
        let backend = system.backend();
        backend.push(system.account(), "lead.captured", json!({})).await;
    }
    system
        .wait_for_endpoint(&id, "it to be disabled", |endpoint| {
            endpoint["state"] == "disabled"
        })
        .await;
    let refused = customer.post(&path(&id), &Value::Null).await.expect(409);
    assert_eq!(refused.code(), "endpoint_not_active");
    receiver.always("/hook", Answer::status(204));
    customer.toggle(&id).await;
    receiver.wait_for(4).await;
    assert_nothing_left(&system.redis).await;
    system.finish().await;
}

#[tokio::test]
async fn what_is_not_active_or_not_the_accounts_is_not_retried() {
    let (mut system, customer, id) = crate::fixture::api_with_endpoint().await;
    customer.toggle(&id).await;
    let before = crate::fixture::everything(&system);
    let refused = customer.post(&path(&id), &Value::Null).await;
    assert_refused(
        &Method::POST,
        &path(&id),
        &refused,
        409,
        "endpoint_not_active",
        "",
    );
    let stranger = system.customer_of("org_stranger");
    for unknown in [id.as_str(), "ep_0000000000000000", "none"] {
        let refused = stranger.post(&path(unknown), &Value::Null).await;
        assert_refused(
            &Method::POST,
            &path(unknown),
            &refused,
            404,
            "endpoint_not_found",
            "",
        );
    }
    assert_eq!(crate::fixture::everything(&system), before);
    system.stop();
}
