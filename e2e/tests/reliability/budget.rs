//! An endpoint that hangs fills its account's budget; its neighbours in the account go on.
//!
//! Proves (guarantees): one endpoint has filled its account's budget

use std::collections::HashSet;

use e2e::client::Reply;
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use serde_json::{Value, json};

const EVENTS: &str = "/api/events";

async fn push(system: &System, event: &str, number: usize) -> Reply {
    let data = json!({"number": number, "text": "x".repeat(1000)});
    let event = json!({"accountId": system.account(), "event": event, "chatbotId": "bot_1", "data": data});
    system.backend().post(EVENTS, &event).await
}

/// Pushes events that only the hanging endpoint wants until they are refused.
async fn fill(system: &System) {
    for number in 0..500 {
        let reply = push(system, "message.sent", number).await;
        if reply.status == 429 {
            assert_eq!(reply.code(), "account_over_budget");
            return;
        }
        assert_eq!(reply.status, 202, "{}", reply.text);
    }
    panic!("the budget is never used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_endpoint_that_fills_the_budget_makes_room_for_its_neighbours_and_its_owner_is_told() {
    // So much that what hangs holds over half of it even if nothing else arrives for a while.
    let mut system = System::builder()
        .env("ACCOUNT_BUDGET_BYTES", "256KiB")
        .start()
        .await;
    let receiver = Receiver::start().await;
    receiver.always("/hangs", Answer::hang());
    let customer = system.customer();
    let hangs = customer
        .create_endpoint(&receiver.url("/hangs"), &["message.sent"])
        .await;
    customer
        .create_endpoint(&receiver.url("/quick"), &["lead.captured"])
        .await;
    customer
        .create_endpoint(&receiver.url("/team"), &["delivery.exhausted"])
        .await;
    fill(&system).await;

    // Each finds the budget full, and none is refused.
    for number in 0..20 {
        fill(&system).await;
        let reply = push(&system, "lead.captured", number).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
    }
    let quick = receiver.wait_for_at("/quick", 20).await;
    let numbers: HashSet<_> = quick
        .iter()
        .map(|request| request.json()["data"]["number"].to_string())
        .collect();
    assert_eq!(numbers.len(), 20);

    let told = receiver.wait_for_at("/team", 5).await;
    let data = &told[0].json()["data"];
    assert_eq!(data["endpointId"], hangs.id.as_str());
    assert_eq!(data["lastError"], "endpoint_over_budget");
    let path = format!("/api/webhooks-config/{}/deliveries", hangs.id);
    let listed = customer
        .get(&format!("{path}?status=exhausted"))
        .await
        .expect(200);
    let listed = listed.body["deliveries"].as_array().unwrap();
    assert!(listed.len() >= 5, "{listed:?}");
    let id = listed[0]["id"].as_str().unwrap();
    let detail = customer.get(&format!("{path}/{id}")).await.expect(200).body;
    assert_eq!(detail["status"], "exhausted", "{detail}");
    assert!(detail.to_string().contains("endpoint_over_budget"), "{detail}");
    let health: Value = customer.endpoint(&hangs.id).await["health"].clone();
    assert!(health.to_string().contains("endpoint_over_budget"), "{health}");
    system.stop();
}
