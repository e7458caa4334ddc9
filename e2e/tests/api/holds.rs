//! What an endpoint's owner sees of a receiver that asks us to wait, and of an endpoint that is tried again by itself.
//!
//! Proves (guarantees): the receiver asks us to wait (429, 503 with `Retry-After`)

use domain::clock::Timestamp;
use e2e::receiver::{Answer, Receiver};
use e2e::state::assert_nothing_left;
use e2e::system::System;
use serde_json::{Value, json};

use crate::fixture::ENDPOINTS;
use crate::log_scene::text;

fn wait(seconds: u32) -> Answer {
    Answer::status(429).header("retry-after", &seconds.to_string())
}

async fn push(system: &System) {
    let backend = system.backend();
    let pushed = backend.push(system.account(), "lead.captured", json!({})).await;
    assert!(pushed.deliveries > 0);
}

/// The texts of an endpoint's notices about something.
fn notices(endpoint: &Value, about: &str) -> Vec<String> {
    let notices = endpoint["health"]["notices"].as_array().unwrap().iter();
    notices
        .filter(|notice| notice["about"] == about)
        .map(|notice| text(notice, "text"))
        .collect()
}

/// A time of the API as sentences write it, with the date on which it is not.
fn clock(time: &str) -> String {
    format!("{} UTC", &time[11..19])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_us_to_wait_is_shown_waiting_and_not_failing() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    let (customer, id) = (system.customer(), endpoint.id);
    receiver.always("/hook", wait(600));
    push(&system).await;
    let held = system
        .wait_for_endpoint(&id, "the hold", |endpoint| endpoint["heldUntil"].is_string())
        .await;
    let until = text(&held, "heldUntil");
    assert!(until > Timestamp::now().to_string(), "{held}");
    let health = &held["health"];
    let [told] = &notices(&held, "held")[..] else {
        panic!("{held}")
    };
    assert!(
        told.starts_with("asks us to wait until ") && told.ends_with(&clock(&until)),
        "{told}"
    );
    assert_eq!(
        (
            &health["heldAttempts"],
            &health["sampledAttempts"],
            &health["topFailure"]
        ),
        (&json!(1), &json!(0), &Value::Null)
    );
    assert_eq!(health["nextAttemptAt"], until.as_str(), "{health}");
    assert_eq!(
        (
            &held["active"],
            &held["consecutiveFailures"],
            &health["inFlightLimit"]
        ),
        (&json!(true), &json!(1), &json!(1))
    );

    // The delivery waits, and none of its attempts is used up.
    let deliveries = format!("{ENDPOINTS}/{id}/deliveries");
    for query in ["", "?status=pending"] {
        let list = customer
            .get(&format!("{deliveries}{query}"))
            .await
            .expect(200)
            .body;
        let [listed] = &list["deliveries"].as_array().unwrap()[..] else {
            panic!("{list}")
        };
        assert_eq!(
            (&listed["status"], &listed["attempts"], &listed["heldUntil"]),
            (&json!("pending"), &json!(0), &json!(until)),
            "{listed}"
        );
        let because = text(listed, "waitsBecause");
        assert!(
            because.starts_with("the receiver asked to wait until ") && because.ends_with(&clock(&until)),
            "{because}"
        );
    }
    let list = customer.get(&deliveries).await.expect(200).body;
    let delivery = text(&list["deliveries"][0], "id");
    let path = format!("{deliveries}/{delivery}");
    let shown = customer.get(&path).await.expect(200).body;
    let attempt = &shown["attemptLog"][0];
    assert_eq!(
        (
            &attempt["outcome"],
            &attempt["attempt"],
            &attempt["httpStatus"],
            &attempt["heldUntil"]
        ),
        (&json!("held"), &json!(1), &json!(429), &json!(until))
    );
    let summary = customer.get("/api/webhooks-summary").await.expect(200).body;
    assert_eq!(summary["attention"][0]["reason"], "held", "{summary}");
    let hours = summary["hours"].as_array().unwrap();
    let total = |field: &str| hours.iter().filter_map(|hour| hour[field].as_u64()).sum::<u64>();
    assert_eq!((total("heldAttempts"), total("failedAttempts")), (1, 0));

    // Another URL ends it at once.
    receiver.always("/other", Answer::status(204));
    let change = json!({"id": id, "url": receiver.url("/other")});
    let changed = customer.patch(ENDPOINTS, &change).await.expect(200).body;
    assert_eq!(changed["heldUntil"], Value::Null);
    assert_nothing_left(&system.redis).await;
    let shown = customer.get(&path).await.expect(200).body;
    let outcomes = shown["attemptLog"].as_array().unwrap().iter();
    let outcomes: Vec<_> = outcomes
        .map(|attempt| (&attempt["attempt"], &attempt["outcome"]))
        .collect();
    assert_eq!(
        outcomes,
        [(&json!(1), &json!("held")), (&json!(1), &json!("succeeded"))]
    );
    assert_eq!(
        (&shown["status"], &shown["attempts"], &shown["waitsBecause"]),
        (&json!("succeeded"), &json!(1), &Value::Null)
    );
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_holds_have_disabled_says_so() {
    let (system, receiver, endpoint) = System::builder()
        .env("DISABLE_AFTER", "2")
        .env("DISABLE_MIN_SPAN", "0s")
        .start_with_hook()
        .await;
    let (customer, id) = (system.customer(), endpoint.id);
    receiver.always("/hook", Answer::status(429));
    push(&system).await;
    let disabled = system
        .wait_for_endpoint(&id, "the endpoint to be disabled", |endpoint| {
            endpoint["state"] == "disabled"
        })
        .await;
    assert_eq!(disabled["disabledReason"], "consecutive_failures");
    let top = &disabled["health"]["topFailure"];
    assert_eq!(
        (&top["status"], &top["count"]),
        (&json!(429), &json!(2)),
        "{disabled}"
    );
    assert_eq!(disabled["health"]["heldAttempts"], 2);
    let list = customer.get(ENDPOINTS).await.expect(200).body;
    let health = &list["endpoints"][0]["health"];
    let last = &health["lastError"];
    assert_eq!(
        (&last["status"], &last["error"]),
        (&json!(429), &json!("http_status")),
        "{health}"
    );
    assert!(text(last, "advice").starts_with("429 at "), "{last}");
    assert_eq!(
        (&health["sampledAttempts"], &health["successRate"]),
        (&json!(0), &Value::Null),
        "held attempts count for nothing else"
    );
    receiver.always("/hook", Answer::status(204));
    customer.toggle(&id).await;
    assert_nothing_left(&system.redis).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_told_of_a_long_hold() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    let customer = system.customer();
    let watcher = Receiver::start().await;
    customer
        .create_endpoint(&watcher.url("/held"), &["endpoint.held"])
        .await;
    receiver.always("/hook", wait(1200));
    push(&system).await;
    let told = watcher.wait_for_at("/held", 1).await;
    let body = told[0].json();
    let held = customer.endpoint(&endpoint.id).await;
    assert_eq!(
        body["data"],
        json!({
            "endpointId": endpoint.id, "url": receiver.url("/hook"), "heldUntil": held["heldUntil"], "reason": "http 429",
        })
    );
    // Switching it off and on ends the hold.
    receiver.always("/hook", Answer::status(204));
    customer.toggle(&endpoint.id).await;
    assert_eq!(customer.toggle(&endpoint.id).await["heldUntil"], Value::Null);
    assert_nothing_left(&system.redis).await;
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_resumes_by_itself_says_when() {
    let (system, receiver, endpoint) = System::builder()
        .env("DISABLE_AFTER", "1")
        .env("DISABLE_MIN_SPAN", "0s")
        .start_with_hook()
        .await;
    let (customer, id) = (system.customer(), endpoint.id);
    receiver.always("/hook", Answer::status(500));
    push(&system).await;
    let disabled = system
        .wait_for_endpoint(&id, "the endpoint to be disabled", |endpoint| {
            endpoint["state"] == "disabled"
        })
        .await;
    assert_eq!(
        disabled["health"]["resumeAt"],
        Value::Null,
        "it does not by itself"
    );
    let change = json!({"id": id, "autoResume": true});
    let changed = customer.patch(ENDPOINTS, &change).await.expect(200).body;
    assert_eq!(changed["autoResume"], true);
    let resuming = customer.endpoint(&id).await;
    let at = text(&resuming["health"], "resumeAt");
    assert!(at > Timestamp::now().to_string(), "{resuming}");
    let told = notices(&resuming, "resuming");
    assert!(told.len() == 1 && told[0].ends_with(&clock(&at)), "{told:?}");
    let summary = customer.get("/api/webhooks-summary").await.expect(200).body;
    let advice = text(&summary["attention"][0], "advice");
    assert!(advice.contains("; a delivery is tried again at "), "{advice}");
    // Its owner may change his mind.
    let change = json!({"id": id, "autoResume": false});
    let changed = customer.patch(ENDPOINTS, &change).await.expect(200).body;
    assert_eq!(changed["autoResume"], false);
    let off = customer.endpoint(&id).await;
    assert_eq!(
        (&off["health"]["resumeAt"], &off["health"]["notices"]),
        (&Value::Null, &json!([]))
    );
    receiver.always("/hook", Answer::status(204));
    customer.toggle(&id).await;
    assert_nothing_left(&system.redis).await;
    system.finish().await;
}
