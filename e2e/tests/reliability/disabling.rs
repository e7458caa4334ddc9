//! "Auto-disable: After 10 consecutive failures, the endpoint is deactivated", "Reset: Successful delivery resets the fail
//! counter", "Re-enable: Toggle the endpoint back on from the dashboard after fixing issues".
//!
//! Proves (guarantees): After 10 consecutive failures, the endpoint is deactivated
//! Proves (guarantees): Successful delivery resets the fail counter
//! Proves (guarantees): Toggle the endpoint back on
//!
//! The first tests go by the bare letter (`DISABLE_MIN_SPAN=0s`), the last ones by what is shipped.

use std::collections::HashSet;

use e2e::client::Pushed;
use e2e::receiver::Answer;
use e2e::state;
use e2e::system::{Builder, System};
use redis::Commands;
use serde_json::{Value, json};

/// Nine waits, so ten attempts for one delivery; none of them worth waiting for.
fn builder() -> Builder {
    System::builder().env("RETRY_SCHEDULE", ["20ms"; 9].join(","))
}

async fn push(system: &System, number: usize) -> Pushed {
    let data = json!({"number": number});
    system
        .backend()
        .push(system.account(), "lead.captured", data)
        .await
}

fn failures(count: u64) -> impl Fn(&Value) -> bool {
    move |endpoint| endpoint["consecutiveFailures"] == count
}

fn is_off(endpoint: &Value) -> bool {
    endpoint["active"] == false
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_consecutive_failures_deactivate_the_endpoint() {
    // Nine attempts for a delivery: the tenth failure is another delivery's.
    let schedule = ["20ms"; 8].join(",");
    let (mut system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", schedule)
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(500));

    push(&system, 1).await;
    let nine = system
        .wait_for_endpoint(&endpoint.id, "nine failures", failures(9))
        .await;
    assert_eq!(nine["active"], true, "{nine}");
    assert_eq!(nine["disabledReason"], Value::Null);
    assert_eq!(nine["queueDepth"], 0, "the first delivery is exhausted");

    push(&system, 2).await;
    let ten = system
        .wait_for_endpoint(&endpoint.id, "the endpoint to be off", is_off)
        .await;
    assert_eq!(ten["consecutiveFailures"], 10);
    assert_eq!(ten["disabledReason"], "consecutive_failures");
    assert!(ten["disabledAt"].is_string());

    // What comes now is kept, and not sent: a delivery that is pushed later, to another endpoint, arrives before.
    assert_eq!(push(&system, 3).await.deliveries, 1);
    system
        .customer()
        .create_endpoint(&receiver.url("/other"), &["*"])
        .await;
    assert_eq!(push(&system, 4).await.deliveries, 2);
    receiver.wait_for_at("/other", 1).await;
    assert_eq!(receiver.received_at("/hook").len(), 10);
    let parked = system.customer().endpoint(&endpoint.id).await;
    assert_eq!(parked["queueDepth"], 3, "{parked}");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_resets_the_counter() {
    let (system, receiver, endpoint) = builder().start_with_hook().await;
    // Nine failures, a success, and the same again: eighteen failures, but never ten in a row.
    for _ in 0..2 {
        receiver.then("/hook", vec![Answer::status(503); 9]);
        receiver.then("/hook", [Answer::status(200)]);
    }
    for round in 1..=2 {
        push(&system, round).await;
        receiver.wait_for(10 * round).await;
        let back = system
            .wait_for_endpoint(&endpoint.id, "the counter to be reset", failures(0))
            .await;
        assert_eq!(back["active"], true, "{back}");
        assert_eq!(back["lastAttempt"]["attempt"], 10);
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn toggling_it_back_on_delivers_what_was_parked() {
    let (system, receiver, endpoint) = builder().start_with_hook().await;
    receiver.always("/hook", Answer::status(500));
    let customer = system.customer();
    let mut ids = vec![push(&system, 0).await.id];
    system
        .wait_for_endpoint(&endpoint.id, "the endpoint to be off", is_off)
        .await;
    for number in 1..=5 {
        ids.push(push(&system, number).await.id);
    }

    receiver.always("/hook", Answer::status(204));
    let back = customer.toggle(&endpoint.id).await;
    assert_eq!(back["active"], true);
    assert_eq!(back["consecutiveFailures"], 0);
    assert_eq!(
        (&back["disabledReason"], &back["disabledAt"]),
        (&Value::Null, &Value::Null)
    );
    // The first delivery had used up its ten attempts when it disabled the endpoint; the five others were parked.
    let received = receiver.wait_for(15).await;
    let arrived: HashSet<_> = received[10..]
        .iter()
        .map(|request| request.expect_header("webhook-id"))
        .collect();
    assert_eq!(arrived, ids[1..].iter().map(String::as_str).collect());
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_delivery_goes_on_with_its_attempts() {
    let (system, receiver, endpoint) = System::builder()
        .env("DISABLE_AFTER", "3")
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(500));
    let customer = system.customer();
    push(&system, 1).await;
    for round in 1..=2 {
        let off = system
            .wait_for_endpoint(&endpoint.id, "the endpoint to be off", is_off)
            .await;
        assert_eq!(off["queueDepth"], 1, "{off}");
        if round == 2 {
            receiver.always("/hook", Answer::status(200));
        }
        customer.toggle(&endpoint.id).await;
    }
    let received = receiver.wait_for(7).await;
    let attempts: Vec<_> = received
        .iter()
        .map(|request| request.expect_header("x-rkt-attempt"))
        .collect();
    assert_eq!(attempts, ["1", "2", "3", "4", "5", "6", "7"]);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_owner_switched_off_gets_nothing_new_and_may_drop_the_rest() {
    let (system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "1h")
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(500));
    let customer = system.customer();
    push(&system, 1).await;
    system
        .wait_for_endpoint(&endpoint.id, "the failure", failures(1))
        .await;

    let off = customer.toggle(&endpoint.id).await;
    assert_eq!(
        (&off["active"], &off["disabledReason"]),
        (&json!(false), &json!("owner"))
    );
    assert_eq!(off["queueDepth"], 1);
    assert_eq!(push(&system, 2).await.deliveries, 0, "it receives nothing new");

    receiver.always("/hook", Answer::status(200));
    let change = json!({"id": endpoint.id, "active": true, "parked": "discard"});
    let on = customer.patch("/api/webhooks-config", &change).await.expect(200);
    assert_eq!(on.body["queueDepth"], 0);
    let kept = push(&system, 3).await;
    let received = receiver.wait_for(2).await;
    assert_eq!(received[1].expect_header("webhook-id"), kept.id);
    system.finish().await;
    assert_eq!(receiver.count(), 2, "what was discarded is not sent");
}

/// As shipped, a streak has to last for one `DELIVERY_TIMEOUT`: failures within that time may be one incident.
fn as_shipped() -> Builder {
    System::builder()
        .env("DELIVERY_TIMEOUT", "2s")
        .env("DISABLE_MIN_SPAN", "2s")
        .env("RETRY_SCHEDULE", "1h")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blip_of_a_busy_receiver_does_not_deactivate_its_endpoint() {
    let (mut system, receiver, endpoint) = as_shipped().start_with_hook().await;
    for number in 0..10 {
        push(&system, number).await;
    }
    receiver.wait_for(10).await;
    receiver.then("/hook", vec![Answer::status(502); 12]);
    for number in 10..30 {
        push(&system, number).await;
    }
    receiver.wait_for(30).await;
    let well = system
        .wait_for_endpoint(&endpoint.id, "the end of the streak", |endpoint| {
            endpoint["consecutiveFailures"] == 0 && endpoint["queueDepth"] == 12
        })
        .await;
    assert_eq!(well["active"], true, "{well}");
    let clock: bool = state::connect(&system.redis)
        .exists(state::key("failing"))
        .unwrap();
    assert!(!clock, "and no clock runs on");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_stays_down_is_deactivated_by_the_clock() {
    let (mut system, receiver, endpoint) = as_shipped().start_with_hook().await;
    receiver.always("/hook", Answer::status(500));
    for number in 0..10 {
        push(&system, number).await;
    }
    let off = system
        .wait_for_endpoint(&endpoint.id, "the endpoint to be off", is_off)
        .await;
    assert_eq!(off["consecutiveFailures"], 10, "no eleventh is needed");
    assert_eq!(off["disabledReason"], "consecutive_failures");
    assert_eq!(off["queueDepth"], 10, "they are parked");
    assert_eq!(receiver.count(), 10);
    let stored = state::key(&format!("endpoint:{}", endpoint.id));
    let (since, at): (u64, u64) = state::connect(&system.redis)
        .hmget(stored, &["failingSince", "disabledAt"])
        .unwrap();
    assert!(at >= since + 2000, "it lasted for {} ms", at - since);
    system.stop();
}
