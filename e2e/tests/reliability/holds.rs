//! Receivers that get too much, and say so; and endpoints that get no more a second than their owners want.
//!
//! Proves (guarantees): the receiver asks us to wait
//! Proves (guarantees): an endpoint with a `rateLimit` gets no more deliveries a second

use std::time::Duration;

use e2e::receiver::Answer;
use e2e::system::System;
use serde_json::{Value, json};

async fn push(system: &System, count: usize) {
    for number in 0..count {
        let data = json!({"number": number});
        let backend = system.backend();
        backend.push(system.account(), "lead.captured", data).await;
    }
}

/// With the bare letter, so that nothing but the hold keeps a burst of refusals from disabling.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_refuses_a_burst_is_asked_again_when_it_wants_and_gets_everything_once() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    push(&system, 20).await;
    receiver.wait_for(20).await;
    let refusals = vec![Answer::status(429).header("retry-after", "1"); 5];
    receiver.then("/hook", refusals);
    push(&system, 40).await;
    // Each hold ends with one attempt. Those that are left over from the burst are refused one by one.
    let received = receiver.wait_for(65).await;
    let well = |endpoint: &Value| endpoint["consecutiveFailures"] == 0 && endpoint["queueDepth"] == 0;
    let seen = system
        .wait_for_endpoint(&endpoint.id, "everything to have arrived", well)
        .await;
    assert_eq!(seen["active"], true, "{seen}");
    let tried_again = received
        .iter()
        .filter(|request| request.expect_header("x-rkt-attempt") != "1")
        .count();
    assert_eq!(tried_again, 0, "a refused attempt is none");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_endpoint_is_held_nothing_is_sent_to_it_and_others_get_theirs() {
    let (mut system, receiver, _) = System::start_with_hook().await;
    receiver.always("/hook", Answer::status(503).header("retry-after", "600"));
    push(&system, 1).await;
    receiver.wait_for(1).await;
    let other = receiver.url("/other");
    system.customer().create_endpoint(&other, &["*"]).await;
    push(&system, 20).await;
    receiver.wait_for_at("/other", 20).await;
    assert_eq!(receiver.received_at("/hook").len(), 1);
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_gets_as_many_a_second_as_its_owner_wants() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    let change = json!({"id": endpoint.id, "rateLimit": 10});
    let customer = system.customer();
    let changed = customer.patch("/api/webhooks-config", &change).await.expect(200);
    assert_eq!(changed.body["rateLimit"], 10);
    push(&system, 30).await;
    let received = receiver.wait_for(30).await;
    let span = received[29].at - received[0].at;
    assert!(span > Duration::from_millis(2500), "30 within {span:?}");
    system.finish().await;
}
