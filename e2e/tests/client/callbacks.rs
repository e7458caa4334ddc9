//! What receivers get is what the document says in its callbacks.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use e2e::receiver::Received;
use e2e::system::System;
use serde_json::{Value, json};

static DELIVERY: LazyLock<Value> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(include_str!("../../../openapi/openapi.json")).unwrap();
    let operation = &document["paths"]["/api/webhooks-config"]["post"];
    operation["callbacks"]["delivery"]["{$request.body#/url}"]["post"].clone()
});

/// The names of the headers that the document lists, in lower case.
fn documented(only_required: bool) -> BTreeSet<String> {
    let headers = DELIVERY["parameters"].as_array().unwrap().iter();
    headers
        .filter(|header| !only_required || header["required"] == true)
        .map(|header| header["name"].as_str().unwrap().to_lowercase())
        .collect()
}

/// The names of the headers that are ours, in lower case.
fn sent(request: &Received) -> BTreeSet<String> {
    let names = request.headers.iter().map(|(name, _)| name.to_lowercase());
    names
        .filter(|name| name.starts_with("x-") || name.starts_with("webhook-"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_have_the_headers_that_the_document_lists_and_no_others() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    let data = json!({ "leadId": "first" });
    system
        .backend()
        .push(system.account(), "lead.captured", data)
        .await;
    let first = receiver.wait_for(1).await.remove(0);
    assert_eq!(sent(&first), documented(true));
    let id = first.expect_header("x-rkt-delivery");
    let customer = system.customer();
    let replay = format!("/api/webhooks-config/{}/deliveries/{id}/replay", endpoint.id);
    let reply = customer.post(&replay, &json!({})).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    let replayed = receiver.wait_for(2).await.remove(1);
    let test = format!("/api/webhooks-config/{}/test", endpoint.id);
    assert_eq!(customer.post(&test, &json!({})).await.status, 200);
    let tested = receiver.wait_for(3).await.remove(2);
    let of_both: BTreeSet<_> = sent(&replayed).union(&sent(&tested)).cloned().collect();
    assert_eq!(of_both, documented(false));
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_is_the_example_of_its_type() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    let examples = DELIVERY["requestBody"]["content"]["application/json"]["examples"]
        .as_object()
        .unwrap();
    let test = format!("/api/webhooks-config/{}/test", endpoint.id);
    let customer = system.customer();
    // An account may send ten test events in a minute; account events are no test events.
    let types = examples
        .iter()
        .filter(|(_, example)| example["value"]["chatbotId"].is_string());
    let mut number = 0;
    for (name, example) in types {
        number += 1;
        let reply = customer.post(&test, &json!({ "event": name })).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let body = receiver.wait_for(number).await.remove(number - 1).json();
        assert_eq!(body["data"], example["value"]["data"], "{name}");
        assert_eq!(
            body.as_object().unwrap().keys().collect::<Vec<_>>(),
            example["value"].as_object().unwrap().keys().collect::<Vec<_>>(),
        );
    }
    assert_eq!(number, 10);
    system.finish().await;
}
