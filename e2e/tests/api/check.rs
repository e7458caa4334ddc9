//! Checking an endpoint before it is made: the refusals of creation, the same to the letter, and nothing stored.

use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api_with_endpoint, everything};

const CHECK: &str = "/api/webhooks-config/check";

#[tokio::test]
async fn what_creation_would_refuse_is_refused_alike_and_nothing_is_stored() {
    let (mut system, customer, _) = api_with_endpoint().await;
    let before = everything(&system);
    for wrong in [
        json!({}),
        json!({"url": "https://example.com/", "events": [], "rateLimit": "5"}),
        json!({"url": "ftp://example.com/", "events": ["lead.lost"], "rateLimit": 0, "chatbotId": ""}),
        json!({"url": "https://127.0.0.1:9000/", "events": "*"}),
    ] {
        let checked = customer.post(CHECK, &wrong).await;
        let created = customer.post(ENDPOINTS, &wrong).await;
        assert_eq!(
            (checked.status, &checked.body["errors"]),
            (created.status, &created.body["errors"]),
            "{wrong}"
        );
    }
    let sample = json!({"event": "*", "chatbotId": "", "data": [], "timestamp": "today"});
    let wrong = json!({"url": "x", "events": ["*"], "sample": sample});
    let refused = customer.post(CHECK, &wrong).await.expect(422);
    let named: Vec<_> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| &fault["field"])
        .collect();
    let expected = [
        "url",
        "sample.event",
        "sample.chatbotId",
        "sample.timestamp",
        "sample.data",
    ];
    assert_eq!(named, expected);
    let good = json!({"url": "HTTPS://Example.com/a/../b", "events": ["*"]});
    let checked = customer.post(CHECK, &good).await.expect(200).body;
    assert_eq!(checked, json!({"url": "https://example.com/b", "matches": null}));
    assert_eq!(everything(&system), before);
    // The samples of event types are samples here.
    let types = customer.get("/api/event-types").await.expect(200).body;
    let types = types["eventTypes"].as_array().unwrap().iter();
    for event in types.filter(|event| event["accountEvent"] == false) {
        let mut whole = good.clone();
        whole["sample"] = event["sample"].clone();
        let checked = customer.post(CHECK, &whole).await;
        assert_eq!(checked.status, 200, "{whole}: {}", checked.text);
    }
    system.stop();
}

#[tokio::test]
async fn a_sample_matches_as_an_event_that_is_pushed_would() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let only = format!("{ENDPOINTS}?id={id}");
    for (events, wanted, event, chatbot) in [
        (json!(["*"]), Value::Null, "lead.captured", "bot_1"),
        (json!(["lead.captured"]), Value::Null, "lead.captured", "bot_1"),
        (json!(["lead.captured"]), Value::Null, "ticket.created", "bot_1"),
        (json!(["*"]), json!("bot_1"), "ticket.created", "bot_1"),
        (json!(["*"]), json!("bot_2"), "ticket.created", "bot_1"),
        (
            json!(["endpoint.disabled"]),
            Value::Null,
            "ticket.created",
            "bot_1",
        ),
    ] {
        let endpoint = json!({"events": events, "chatbotId": wanted});
        let _changed = customer.patch(&only, &endpoint).await.expect(200);
        let event = json!({"accountId": system.account(), "event": event, "chatbotId": chatbot, "data": {}});
        let pushed = system.backend().post("/api/events", &event).await.expect(202);
        let mut checked = endpoint.clone();
        checked["url"] = "https://example.com/".into();
        checked["sample"] = json!({"event": event["event"], "chatbotId": chatbot});
        let checked = customer.post(CHECK, &checked).await.expect(200);
        assert_eq!(
            checked.body["matches"],
            json!(pushed.body["deliveries"] == 1),
            "{endpoint} {event}"
        );
    }
    system.stop();
}
