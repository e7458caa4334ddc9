//! The catalog of event types, and the events that notify an account about its own endpoints.
//!
//! Proves (guarantees): an account's own events go to other endpoints only, by name, and to no other account

use std::sync::Arc;

use domain::catalog::Catalog;
use domain::event::AccountEvent;
use e2e::client::Caller;
use e2e::receiver::{Answer, Received, Receiver};
use e2e::state::assert_nothing_left;
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api, assert_refused, refuses};

const TYPES: &str = "/api/event-types";

#[tokio::test]
async fn every_type_is_described_and_can_be_subscribed_to_by_its_name() {
    let mut system = api().await;
    let customer = system.customer();
    let reply = customer.get(TYPES).await.expect(200);
    let types = reply.body["eventTypes"].as_array().unwrap();
    let names: Vec<_> = types.iter().map(|kind| kind["name"].as_str().unwrap()).collect();
    let catalog = Catalog::default();
    let wanted: Vec<_> = catalog
        .all()
        .iter()
        .map(|entry| entry.subscription.as_str())
        .collect();
    assert_eq!(names, wanted);
    for kind in types {
        let name = kind["name"].as_str().unwrap();
        let of_account = AccountEvent::ALL.iter().any(|event| event.as_str() == name);
        assert_eq!(kind["accountEvent"], of_account, "{name}");
        assert!(kind["description"].as_str().unwrap().ends_with('.'), "{name}");
        assert_eq!(
            kind["schema"]["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        let sample = &kind["sample"];
        assert_eq!(sample["event"], name);
        let fields: Vec<_> = sample.as_object().unwrap().keys().map(String::as_str).collect();
        let mut required: Vec<_> = kind["schema"]["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| field.as_str().unwrap())
            .collect();
        required.sort_unstable();
        let mut sorted = fields;
        sorted.sort_unstable();
        assert_eq!(sorted, required, "{name}");
        customer.create_endpoint("http://127.0.0.1:9000/", &[name]).await;
    }
    let nobody = Caller::new(&system.api_url(), None).get(TYPES).await;
    assert_refused(&Method::GET, TYPES, &nobody, 401, "missing_token", "");
    let backend = system.backend().get(TYPES).await;
    assert_refused(&Method::GET, TYPES, &backend, 403, "wrong_token_kind", "");
    system.stop();
}

#[tokio::test]
async fn account_events_are_made_by_the_system_alone() {
    let mut system = api().await;
    let customer = system.customer();
    customer
        .create_endpoint("http://127.0.0.1:9000/", &["endpoint.disabled"])
        .await;
    for kind in AccountEvent::ALL {
        let event =
            json!({"accountId": system.account(), "event": kind.as_str(), "chatbotId": "b", "data": {}});
        let refused = (422, "unknown_event", "event");
        refuses(
            &system.backend(),
            Method::POST,
            "/api/events",
            event.to_string(),
            refused,
        )
        .await;
    }
    let twice =
        json!({"url": "http://127.0.0.1:9000/", "events": ["endpoint.disabled", "*", "endpoint.disabled"]});
    let refused = (422, "duplicate_event", "events[2]");
    refuses(&customer, Method::POST, ENDPOINTS, twice.to_string(), refused).await;
    system.stop();
}

/// The only request of a path so far, with its body.
async fn only(receiver: &Receiver, path: &str) -> (Arc<Received>, Value) {
    let requests = receiver.wait_for_at(path, 1).await;
    assert_eq!(requests.len(), 1);
    let body = serde_json::from_slice(&requests[0].body).unwrap();
    (Arc::clone(&requests[0]), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_notified_when_an_endpoint_is_disabled_and_recovers_and_when_a_delivery_is_exhausted() {
    let system = System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let (customer, stranger) = (system.customer(), system.customer_of("org_2other"));
    // One endpoint for each of the three, so that each request is where it belongs.
    for event in AccountEvent::ALL {
        let url = receiver.url(&format!("/{}", event.as_str()));
        customer.create_endpoint(&url, &[event.as_str()]).await;
    }
    customer.create_endpoint(&receiver.url("/all"), &["*"]).await;
    stranger
        .create_endpoint(
            &receiver.url("/theirs"),
            &["endpoint.disabled", "delivery.exhausted"],
        )
        .await;
    receiver.then("/bad", [Answer::status(500)]);
    let bad = customer
        .create_endpoint(
            &receiver.url("/bad"),
            &["lead.captured", "endpoint.disabled", "endpoint.recovered"],
        )
        .await
        .id;
    let lead = system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    assert_eq!(lead.deliveries, 2);

    let (disabled, body) = only(&receiver, "/endpoint.disabled").await;
    assert_eq!(disabled.expect_header("x-rkt-event"), "endpoint.disabled");
    assert_eq!(
        (&body["event"], &body["chatbotId"]),
        (&json!("endpoint.disabled"), &Value::Null)
    );
    assert_eq!(
        body["data"],
        json!({
            "endpointId": bad, "url": receiver.url("/bad"), "reason": "consecutive_failures",
            "consecutiveFailures": 1, "lastError": "http_status",
        })
    );
    let (_, body) = only(&receiver, "/delivery.exhausted").await;
    let data = &body["data"];
    assert_eq!(
        (
            &data["endpointId"],
            &data["eventId"],
            &data["eventType"],
            &data["attempts"]
        ),
        (&json!(bad), &json!(lead.id), &json!("lead.captured"), &json!(1))
    );

    customer.toggle(&bad).await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let (_, body) = only(&receiver, "/endpoint.recovered").await;
    assert_eq!(body["data"]["endpointId"], bad.as_str());
    assert_nothing_left(&system.redis).await;
    // Not by `*`, not about itself, not to others.
    for (path, events) in [("/all", 2), ("/bad", 2), ("/theirs", 0)] {
        let got: Vec<_> = receiver
            .received_at(path)
            .iter()
            .map(|request| request.expect_header("x-rkt-event").to_owned())
            .collect();
        assert_eq!(got, vec!["lead.captured"; events], "{path}");
    }
    system.finish().await;
}
