//! One event: what became of its deliveries, and why nobody got it.
//!
//! Proves (guarantees): whoever asks for an event is told what became of it, or why no endpoint got it

use e2e::client::Caller;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, EVENTS, api, assert_refused};
use crate::log_scene::{HOOK, LogScene, text};

/// Pushes an event with a key; gives back its id.
async fn push(system: &System, event: &str, chatbot: &str, key: &str, data: Value) -> String {
    let event = json!({"accountId": system.account(), "event": event, "chatbotId": chatbot, "data": data});
    let request = system.backend().request(Method::POST, EVENTS);
    let request = request.header("idempotency-key", key).json(&event);
    text(&Caller::send(request).await.expect(202).body, "id")
}

async fn traced(customer: &Caller, id: &str) -> Value {
    customer.get(&format!("{EVENTS}/{id}")).await.expect(200).body
}

#[tokio::test(flavor = "multi_thread")]
async fn each_delivery_of_an_event_is_shown_as_it_stands_by_the_events_id_and_by_its_key() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "1h")).await;
    let other = scene
        .customer
        .create_endpoint(&scene.receiver.url(HOOK), &["ticket.created"])
        .await
        .id;
    for (event, then, statuses) in [
        ("lead.captured", 200, vec!["succeeded"]),
        ("ticket.created", 500, vec!["retrying", "retrying"]),
    ] {
        let id = push(&scene.system, event, "bot_1", event, json!({"then": then})).await;
        let trace = eventually(LONG, "its attempts", async || {
            let trace = traced(&scene.customer, &id).await;
            let deliveries = trace["deliveries"].as_array().unwrap();
            let found: Vec<_> = deliveries.iter().map(|one| text(one, "status")).collect();
            check(found == statuses, trace.to_string()).map(|()| trace.clone())
        })
        .await;
        assert_eq!(
            (
                &trace["id"],
                &trace["event"],
                &trace["chatbotId"],
                &trace["acceptedDeliveries"],
                &trace["unmatched"]
            ),
            (
                &json!(id),
                &json!(event),
                &json!("bot_1"),
                &json!(statuses.len()),
                &Value::Null
            )
        );
        let by_key = scene
            .customer
            .get(&format!("{EVENTS}?idempotencyKey={event}"))
            .await;
        assert_eq!(by_key.expect(200).body, trace);
        let listed = scene
            .customer
            .get(&format!("/api/webhooks-deliveries?eventId={id}"))
            .await;
        assert_eq!(listed.expect(200).body["deliveries"], trace["deliveries"]);
    }
    // One that waits for its first attempt, behind one that is held; and one of an endpoint that is off.
    scene.customer.remove_endpoint(&other).await;
    scene.push(json!({"then": "hold"})).await;
    let path = format!("{ENDPOINTS}/{}/deliveries?status=in_flight", scene.endpoint);
    eventually(LONG, "the attempt", async || {
        let page = scene.customer.get(&path).await.expect(200).body;
        check(
            page["deliveries"].as_array().unwrap().len() == 1,
            page.to_string(),
        )
    })
    .await;
    let waits = push(&scene.system, "lead.captured", "bot_1", "waits", json!({})).await;
    assert_eq!(
        traced(&scene.customer, &waits).await["deliveries"][0]["status"],
        "pending"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_got_says_why() {
    let system = api().await;
    let customer = system.customer();
    let reason = async |event: &str, chatbot: &str, key: &str| {
        let id = push(&system, event, chatbot, key, json!({})).await;
        let trace = traced(&customer, &id).await;
        assert_eq!(
            (
                &trace["event"],
                &trace["chatbotId"],
                &trace["acceptedDeliveries"],
                &trace["deliveries"]
            ),
            (&json!(event), &json!(chatbot), &json!(0), &json!([])),
            "{trace}"
        );
        let by_key = customer.get(&format!("{EVENTS}?idempotencyKey={key}")).await;
        assert_eq!(by_key.expect(200).body, trace);
        text(&trace["unmatched"], "reason")
    };
    assert_eq!(reason("lead.captured", "bot one", "1").await, "no_endpoint");
    let new = json!({"url": "http://127.0.0.1:9000/", "events": ["lead.captured"], "chatbotId": "bot_1"});
    let made = customer.post(ENDPOINTS, &new).await.expect(201).body;
    assert_eq!(reason("ticket.created", "bot_1", "2").await, "event_type");
    assert_eq!(reason("lead.captured", "bot_2", "3").await, "chatbot");
    let off = json!({"id": made["id"], "active": false});
    let _reply = customer.patch(ENDPOINTS, &off).await.expect(200);
    assert_eq!(reason("lead.captured", "bot_1", "4").await, "off");
    assert_eq!(reason("lead.captured", "bot_2", "5").await, "chatbot");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_thousand_that_nobody_got_are_known_for_a_day() {
    let system = api().await;
    let item =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let backend = system.backend();
    let first = backend.push_batch(std::slice::from_ref(&item)).await.remove(0);
    let customer = system.customer();
    traced(&customer, &first.id).await;
    let later = backend.push_batch(&vec![item; 1000]).await;
    for known in [&later[0], &later[999]] {
        traced(&customer, &known.id).await;
    }
    let path = format!("{EVENTS}/{}", first.id);
    assert_refused(
        &Method::GET,
        &path,
        &customer.get(&path).await,
        404,
        "event_not_found",
        "",
    );
    let mut connection = e2e::state::connect(&system.redis);
    let key = format!("wh:{{0}}:account:{}:unmatched", system.account());
    let (length, left): (u64, u64) = redis::pipe()
        .cmd("LLEN")
        .arg(&key)
        .cmd("TTL")
        .arg(&key)
        .query(&mut connection)
        .unwrap();
    assert_eq!(length, 1000);
    assert!((86_000..=86_400).contains(&left), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_events_and_wrong_keys_are_refused() {
    let system = api().await;
    let customer = system.customer();
    for (rest, status, code, field) in [
        ("/evt_01kmnq8v3r5t7w9y1b3d5f7h9j", 404, "event_not_found", ""),
        ("/1", 404, "event_not_found", ""),
        ("/1?a=b", 422, "unknown_parameter", "a"),
        ("?idempotencyKey=unheard-of", 404, "event_not_found", ""),
        (
            "?idempotencyKey=",
            422,
            "invalid_idempotency_key",
            "idempotencyKey",
        ),
        (
            "?idempotencyKey=a&idempotencyKey=b",
            422,
            "invalid_idempotency_key",
            "idempotencyKey",
        ),
        ("", 422, "missing_field", "idempotencyKey"),
        ("?idempotencyKey=a&key=b", 422, "unknown_parameter", "key"),
    ] {
        let path = format!("{EVENTS}{rest}");
        let reply = customer.get(&path).await;
        assert_refused(&Method::GET, &path, &reply, status, code, field);
    }
}
