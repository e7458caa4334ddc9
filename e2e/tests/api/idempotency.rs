//! Requests that are sent again, because their answer was lost: with an idempotency key they are made once.
//!
//! Proves (guarantees): a creation or a batch that is sent again with its `Idempotency-Key` is made once

use e2e::client::{Caller, Reply};
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{BATCH, ENDPOINTS, EVENTS, api, api_with_endpoint, assert_refused, everything};

async fn post(caller: &Caller, path: &str, key: &str, body: &Value) -> Reply {
    let request = caller.request(Method::POST, path);
    Caller::send(request.header("idempotency-key", key).json(body)).await
}

fn wanted() -> Value {
    json!({"url": "http://127.0.0.1:9000/", "events": ["lead.captured"]})
}

#[track_caller]
fn assert_conflict(path: &str, reply: &Reply) {
    assert_refused(&Method::POST, path, reply, 409, "idempotency_conflict", "");
}

#[tokio::test]
async fn an_endpoint_is_created_once_for_each_key_and_shown_again_with_its_secret() {
    let mut system = api().await;
    let customer = system.customer();
    let made = post(&customer, ENDPOINTS, "k1", &wanted()).await.expect(201);
    let before = everything(&system);
    let plainly = json!({"url": "http://127.0.0.1:9000/", "events": ["lead.captured"], "chatbotId": null, "active": true});
    for (key, body) in [("k1", wanted()), ("k1", plainly), ("\"k1\"", wanted())] {
        let again = post(&customer, ENDPOINTS, key, &body).await.expect(201);
        assert_eq!(again.body, made.body, "{key} {body}");
        for header in ["location", "etag"] {
            assert_eq!(again.headers[header], made.headers[header]);
        }
    }
    let mut other = wanted();
    other["description"] = json!("other");
    assert_conflict(ENDPOINTS, &post(&customer, ENDPOINTS, "k1", &other).await);
    // A key that isn't one is refused, whatever the body.
    let long = "k".repeat(256);
    for bad in ["", "a b", long.as_str()] {
        let reply = post(&customer, ENDPOINTS, bad, &wanted()).await;
        let code = "invalid_idempotency_key";
        assert_refused(&Method::POST, ENDPOINTS, &reply, 422, code, "Idempotency-Key");
    }
    let secret = made.body["secret"].as_str().unwrap();
    let stored = everything(&system);
    assert!(stored.keys().eq(before.keys()), "nothing is made");
    let has_secret = |value: &Vec<u8>| value.windows(24).any(|part| part == &secret.as_bytes()[6..30]);
    assert!(!stored.values().any(has_secret));

    // Other keys, and other accounts, are something else.
    let another = post(&customer, ENDPOINTS, "k2", &wanted()).await.expect(201);
    let stranger = system.customer_of("org_2other");
    let theirs = post(&stranger, ENDPOINTS, "k1", &other).await.expect(201);
    assert!(another.body["id"] != made.body["id"] && theirs.body["id"] != made.body["id"]);
    system.stop();
}

#[tokio::test]
async fn of_creations_with_one_key_at_once_one_is_made() {
    let mut system = api().await;
    let customer = system.customer();
    let body = wanted();
    let calls = (0..12).map(|_| post(&customer, ENDPOINTS, "k1", &body));
    let replies = futures_util::future::join_all(calls).await;
    for reply in &replies {
        assert_eq!((reply.status, &reply.body), (201, &replies[0].body));
    }
    let list = customer.get(ENDPOINTS).await.expect(200);
    assert_eq!(list.body["endpoints"].as_array().unwrap().len(), 1);
    system.stop();
}

#[tokio::test]
async fn a_creation_is_not_answered_again_once_its_endpoint_or_its_secret_has_gone() {
    let mut system = api().await;
    let customer = system.customer();
    let made = post(&customer, ENDPOINTS, "k1", &wanted()).await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    // A change is shown, since it is the same endpoint.
    customer.toggle(id).await;
    let again = post(&customer, ENDPOINTS, "k1", &wanted()).await.expect(201);
    assert_eq!(
        (&again.body["secret"], &again.body["active"]),
        (&made.body["secret"], &json!(false))
    );
    let path = format!("{ENDPOINTS}/{id}/rotate-secret");
    let rotated = customer.post(&path, &json!({})).await.expect(200);
    let refused = post(&customer, ENDPOINTS, "k1", &wanted()).await;
    assert_conflict(ENDPOINTS, &refused);
    assert!(refused.body["detail"].as_str().unwrap().contains(id));
    for secret in [&made.body["secret"], &rotated.body["secret"]] {
        assert!(!refused.text.contains(secret.as_str().unwrap()));
    }
    customer.remove_endpoint(id).await;
    assert_conflict(ENDPOINTS, &post(&customer, ENDPOINTS, "k1", &wanted()).await);
    assert_eq!(customer.get(ENDPOINTS).await.body, json!({"endpoints": []}));
    system.stop();
}

#[tokio::test]
async fn a_creation_that_was_refused_leaves_its_key_free() {
    let mut system = System::builder()
        .workers(0)
        .api_env("MAX_ENDPOINTS_PER_ACCOUNT", "1")
        .start()
        .await;
    let customer = system.customer();
    let made = post(&customer, ENDPOINTS, "k1", &wanted()).await.expect(201);
    let refused = post(&customer, ENDPOINTS, "k2", &wanted()).await;
    assert_refused(&Method::POST, ENDPOINTS, &refused, 409, "too_many_endpoints", "");
    let again = post(&customer, ENDPOINTS, "k1", &wanted()).await.expect(201);
    assert_eq!(again.body, made.body, "even at the limit");
    customer.remove_endpoint(made.body["id"].as_str().unwrap()).await;
    let _reply = post(&customer, ENDPOINTS, "k2", &wanted()).await.expect(201);
    system.stop();
}

#[tokio::test]
async fn a_batch_that_is_sent_again_with_its_key_is_accepted_once() {
    let (mut system, _, _) = api_with_endpoint().await;
    let backend = system.backend();
    let event = |data: Value| json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot", "data": data});
    let mut own = event(json!({"n": 2}));
    own["idempotencyKey"] = json!("own");
    let batch = json!({"events": [event(json!({"n": 0})), event(json!({"n": 0})), own]});
    let first = post(&backend, BATCH, "b1", &batch).await.expect(202).body;
    assert_eq!(first["accepted"], 3);
    let results = first["results"].as_array().unwrap();
    assert_ne!(
        results[0]["id"], results[1]["id"],
        "each place is a key of its own"
    );
    for key in ["b1", "\"b1\""] {
        let again = post(&backend, BATCH, key, &batch).await.expect(202).body;
        for (result, before) in again["results"].as_array().unwrap().iter().zip(results) {
            assert_eq!(
                (&result["id"], &result["duplicate"]),
                (&before["id"], &json!(true))
            );
        }
    }
    // An event's own key wins, wherever the event is.
    let alone = json!({"events": [batch["events"][2]]});
    let reply = post(&backend, BATCH, "b2", &alone).await.expect(202).body;
    assert_eq!(reply["results"][0]["id"], results[2]["id"]);
    let reply = post(&backend, EVENTS, "own", &event(json!({"n": 2})))
        .await
        .expect(202);
    assert_eq!(reply.body["id"], results[2]["id"]);
    // What is another event in the same place is refused, and the others are not.
    let changed = json!({"events": [event(json!({"n": 0})), event(json!({"n": 1}))]});
    let reply = post(&backend, BATCH, "b1", &changed).await.expect(202).body;
    assert_eq!((&reply["accepted"], &reply["rejected"]), (&json!(1), &json!(1)));
    assert_eq!(reply["results"][0]["id"], results[0]["id"]);
    assert_eq!(reply["results"][1]["error"]["code"], "idempotency_conflict");
    let reply = post(&backend, BATCH, "a b", &batch).await;
    assert_refused(
        &Method::POST,
        BATCH,
        &reply,
        422,
        "invalid_idempotency_key",
        "Idempotency-Key",
    );
    system.stop();
}

#[tokio::test]
async fn another_spelling_of_a_key_or_an_instant_is_the_same_and_a_conflict_says_what_differs() {
    let (mut system, _, _) = api_with_endpoint().await;
    let backend = system.backend();
    let event = |time: &str, data: Value| json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot", "timestamp": time, "data": data});
    let first = event("2026-03-26T15:30:00.000Z", json!({"n": 0}));
    let id = post(&backend, EVENTS, "\"k1\"", &first).await.expect(202).body["id"].clone();
    for key in ["\"k1\"", "k1"] {
        for time in [
            "2026-03-26T15:30:00.000Z",
            "2026-03-26T15:30:00Z",
            "2026-03-26T17:30:00+02:00",
        ] {
            let again = post(&backend, EVENTS, key, &event(time, json!({"n": 0}))).await;
            let again = again.expect(202).body;
            assert_eq!(
                (&again["id"], &again["duplicate"]),
                (&id, &json!(true)),
                "{key} {time}"
            );
        }
    }
    let mut item = first.clone();
    item["idempotencyKey"] = json!("k1");
    let batch = post(&backend, BATCH, "b", &json!({"events": [item]}))
        .await
        .expect(202)
        .body;
    assert_eq!(batch["results"][0]["id"], id);
    for (other, names) in [
        (
            event("2026-03-26T15:30:00.001Z", json!({"n": 0})),
            &["timestamp"][..],
        ),
        (event("2026-03-26T15:30:00.000Z", json!({"n": 0.0})), &["data"]),
        (
            event("2026-03-26T15:31:00.000Z", json!({"n": 1})),
            &["timestamp", "data"],
        ),
    ] {
        let reply = post(&backend, EVENTS, "k1", &other).await;
        let (code, field) = ("idempotency_conflict", names[0]);
        assert_refused(&Method::POST, EVENTS, &reply, 409, code, field);
        let detail = reply.body["detail"].as_str().unwrap();
        for name in ["event", "chatbotId", "timestamp", "data"] {
            assert_eq!(
                detail.contains(&format!("`{name}`")),
                names.contains(&name),
                "{detail}"
            );
        }
    }
    system.stop();
}
