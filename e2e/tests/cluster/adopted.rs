//! A single server that becomes the node of a cluster, with its store.
//!
//! Proves (guarantees): a single server with a store becomes a node of a cluster

use e2e::cluster::becomes_node;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;

fn adopt(system: &System) -> (bool, String) {
    operate(
        system,
        &[
            "shards",
            "adopt",
            "--by",
            "bob",
            "--why",
            "one server is too small",
        ],
    )
}

fn operate(system: &System, arguments: &[&str]) -> (bool, String) {
    let environment = [("REDIS_URL".to_owned(), system.redis.url())];
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment));
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Pushes the event of this number; the answer's status and body.
async fn push(system: &System, number: u32) -> (u16, String) {
    let body = json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {"number": number}});
    let request = system.backend().request(Method::POST, "/api/events");
    let request = request.header("Idempotency-Key", number.to_string()).json(&body);
    let reply = e2e::client::Caller::send(request).await;
    (reply.status, reply.text)
}

async fn accepted(system: &System, receiver: &Receiver, number: u32) -> String {
    let before = receiver.count();
    let mut last = String::new();
    eventually(LONG, "an event to be accepted", async || {
        let (status, text) = push(system, number).await;
        last = text.clone();
        check(status == 202, text)
    })
    .await;
    eventually(LONG, "it to arrive", async || {
        check(receiver.count() > before, "nothing yet")
    })
    .await;
    last
}

/// Programs that run wait until the operator has taken the store over, then go on with all that was there.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_server_becomes_a_node_with_all_that_it_has() {
    let (mut system, receiver, _) = System::start_with_hook().await;
    let first = accepted(&system, &receiver, 1).await;
    let (is_done, said) = adopt(&system);
    assert!(!is_done && said.contains("no node of a cluster"), "{said}");

    tokio::task::block_in_place(|| becomes_node(&mut system.redis));
    eventually(LONG, "the API to wait for the store", async || {
        let (status, text) = push(&system, 2).await;
        check(status == 503 && text.contains("store_replaced"), text)
    })
    .await;
    let (is_done, said) = adopt(&system);
    assert!(is_done, "{said}");
    accepted(&system, &receiver, 2).await;
    let (_, noted) = operate(&system, &["audit"]);
    for word in ["shards adopt", "bob", "one server is too small", "1 shards"] {
        assert!(noted.contains(word), "{noted}");
    }

    // The past is there: a repeat of what was accepted before finds it.
    let (status, again) = push(&system, 1).await;
    let id = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["id"].clone();
    assert_eq!((status, id(&again)), (202, id(&first)));
    let (is_done, said) = adopt(&system);
    assert!(!is_done && said.contains("there is no `wh:meta`"), "{said}");
    system.finish().await;
}
