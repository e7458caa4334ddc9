//! Whoever sends several mistakes in one request learns them all from one answer, with what texts in other languages need.

use e2e::client::Reply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{BATCH, DOCUMENT, ENDPOINTS, EVENTS, api, api_with_endpoint, everything, send};

/// Field and code of each fault; the first is the problem's own.
fn faults(problem: &Value) -> Vec<(String, String)> {
    let faults = problem["errors"].as_array().unwrap();
    for name in ["field", "code", "detail"] {
        assert_eq!(problem[name], faults[0][name], "{problem}");
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = faults
        .iter()
        .map(|fault| (text(&fault["field"]), text(&fault["code"])));
    pairs.collect()
}

#[track_caller]
fn assert_told(reply: &Reply, expected: &[(&str, &str)]) {
    let told = faults(&reply.body);
    let told: Vec<_> = told
        .iter()
        .map(|(field, code)| (field.as_str(), code.as_str()))
        .collect();
    assert_eq!(told, expected, "{}", reply.text);
}

#[tokio::test]
async fn all_that_is_wrong_with_an_endpoint_is_told_at_once_and_nothing_changes() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    let wrong = json!({
        "url": "ftp://example.com/", "events": ["lead.captured", "lead.lost", "lead.captured"], "chatbotId": "",
        "description": "x".repeat(501), "rateLimit": 1001,
    });
    let expected = [
        ("url", "url_scheme_not_allowed"),
        ("events[1]", "unknown_event"),
        ("events[2]", "duplicate_event"),
        ("chatbotId", "invalid_chatbot_id"),
        ("description", "invalid_description"),
        ("rateLimit", "invalid_value"),
    ];
    let created = customer.post(ENDPOINTS, &wrong).await.expect(422);
    assert_told(&created, &expected);
    let path = format!("{ENDPOINTS}/{id}");
    let changed = customer.patch(&path, &wrong).await.expect(422);
    assert_told(&changed, &expected);
    let params = |position: usize| &created.body["errors"][position]["params"];
    assert_eq!(*params(4), json!({"max": 500}));
    assert_eq!(*params(5), json!({"min": 1, "max": 1000}));
    let allowed = params(1)["allowed"].as_array().unwrap();
    assert!(allowed.contains(&json!("lead.captured")) && allowed.contains(&json!("*")));

    // What has the wrong form doesn't hide what has the wrong value.
    let mixed = r#"{"urll":1,"events":["lead.lost"],"rateLimit":"5","description":7,"events":["*"]}"#;
    let mixed = send(&customer, Method::POST, ENDPOINTS, mixed).await.expect(422);
    assert_told(
        &mixed,
        &[
            ("urll", "unknown_field"),
            ("rateLimit", "invalid_type"),
            ("description", "invalid_type"),
            ("events", "duplicate_field"),
            ("url", "missing_field"),
            ("events[0]", "unknown_event"),
        ],
    );
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn all_that_is_wrong_with_an_event_is_told_at_once_also_in_a_batch() {
    let mut system = api().await;
    let backend = system.backend();
    let wrong = json!({
        "accountId": "team:1", "event": "lead.lost", "chatbotId": "", "timestamp": "yesterday", "data": [],
    });
    let expected = [
        ("accountId", "invalid_account_id"),
        ("event", "unknown_event"),
        ("chatbotId", "invalid_chatbot_id"),
        ("timestamp", "invalid_timestamp"),
        ("data", "invalid_type"),
    ];
    let reply = backend.post(EVENTS, &wrong).await.expect(422);
    assert_told(&reply, &expected);

    let mut item = wrong.clone();
    item["idempotencyKey"] = json!("a b");
    let reply = backend.post(BATCH, &json!({"events": [item]})).await.expect(422);
    let told = faults(&reply.body["results"][0]["error"]);
    assert_eq!(
        told[0],
        ("idempotencyKey".to_owned(), "invalid_idempotency_key".to_owned())
    );
    assert_eq!(told.len(), 1 + expected.len(), "{}", reply.text);

    let reply = backend
        .post(EVENTS, &json!({"event": 1, "timestamp": "x"}))
        .await
        .expect(422);
    assert_told(
        &reply,
        &[
            ("event", "invalid_type"),
            ("accountId", "missing_field"),
            ("chatbotId", "missing_field"),
            ("data", "missing_field"),
            ("timestamp", "invalid_timestamp"),
        ],
    );
    system.stop();
}

#[tokio::test]
async fn all_that_is_wrong_with_a_query_is_told_at_once() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let path = format!("{ENDPOINTS}/{id}/deliveries?status=gone&event=x&since=a&until=b&limit=0&stat=1");
    let reply = customer.get(&path).await.expect(422);
    assert_told(
        &reply,
        &[
            ("stat", "invalid_filter"),
            ("since", "invalid_timestamp"),
            ("until", "invalid_timestamp"),
            ("status", "invalid_filter"),
            ("event", "invalid_filter"),
            ("limit", "invalid_filter"),
        ],
    );
    let path = format!("{ENDPOINTS}?active=1&state=on&event=x&chatbotId=&limit=0&limit=1");
    let reply = customer.get(&path).await.expect(422);
    assert_told(
        &reply,
        &[
            ("limit", "invalid_filter"),
            ("limit", "invalid_filter"),
            ("active", "invalid_filter"),
            ("state", "invalid_filter"),
            ("chatbotId", "invalid_chatbot_id"),
            ("event", "unknown_event"),
        ],
    );
    let path = format!("{ENDPOINTS}/{id}?a=1&b=2");
    let reply = customer.patch(&path, &json!({})).await.expect(422);
    assert_told(&reply, &[("a", "unknown_parameter"), ("b", "unknown_parameter")]);
    system.stop();
}

#[tokio::test]
async fn nobody_is_told_to_add_what_is_there_but_wrong() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let body = json!({"ids": [id], "state": "on"});
    let reply = customer.patch(ENDPOINTS, &body).await.expect(422);
    assert_told(&reply, &[("state", "invalid_value")]);
    let body = json!({"state": "on"});
    let reply = customer
        .patch(&format!("{ENDPOINTS}/bulk"), &body)
        .await
        .expect(422);
    assert_told(&reply, &[("state", "invalid_value"), ("ids", "missing_field")]);
    system.stop();
}

#[tokio::test]
async fn there_are_twenty_at_most_and_what_does_not_parse_is_one() {
    let (mut system, customer, _) = api_with_endpoint().await;
    let members: Vec<_> = (0..1000).map(|number| format!("\"f{number}\":1")).collect();
    let many = format!("{{{}}}", members.join(","));
    let reply = send(&customer, Method::POST, ENDPOINTS, many).await.expect(422);
    assert_eq!(faults(&reply.body).len(), 20);
    let broken = send(&customer, Method::POST, ENDPOINTS, "{\"url\":\"x\",\n}")
        .await
        .expect(400);
    assert_told(&broken, &[("", "invalid_json")]);
    assert_eq!(
        broken.body["errors"][0]["params"],
        json!({"line": 2, "column": 1})
    );
    // What is known only once the rest is right comes alone, and in the same form.
    let unknown = customer
        .get(&format!("{ENDPOINTS}/ep_0000000000000000"))
        .await
        .expect(404);
    assert_told(&unknown, &[("", "endpoint_not_found")]);
    let schema = &DOCUMENT["components"]["schemas"]["Problem"]["properties"]["errors"];
    assert_eq!(schema["items"]["$ref"], "#/components/schemas/Fault");
    system.stop();
}
