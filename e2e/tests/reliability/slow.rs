//! Takes long: every process dies at once, in the middle of a backlog.
//!
//! Proves (guarantees): everything is killed in the middle of 10,000 deliveries

use std::collections::HashSet;
use std::time::Duration;

use e2e::client::Caller;
use e2e::receiver::{Answer, Received, Receiver};
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

const ENDPOINTS: usize = 4;
const EVENTS: usize = 2_500;
const BATCH: usize = 50;

/// Leases last 20 s, and after Redis was away nobody's is taken back for 20 s more.
const DEADLINE: Duration = Duration::from_secs(240);

/// Pushes all events, each with an idempotency key, and repeats what was not answered. Gives back the ids that the API
/// acknowledged.
async fn push_all(backend: Caller, account: String) -> HashSet<String> {
    let mut acknowledged = HashSet::new();
    for batch in 0..EVENTS / BATCH {
        let events: Vec<_> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|number| {
                json!({
                    "accountId": account, "event": "message.sent", "chatbotId": "bot_1",
                    "data": {"number": number}, "idempotencyKey": format!("key-{number}"),
                })
            })
            .collect();
        let body = json!({"events": events});
        loop {
            let request = backend.request(Method::POST, "/api/events/batch").json(&body);
            let Ok(reply) = Caller::try_send(request.timeout(Duration::from_secs(10))).await else {
                continue;
            };
            let results = reply.body["results"].as_array().cloned().unwrap_or_default();
            let accepted = |result: &&Value| result["status"] == 202;
            let ids = results
                .iter()
                .filter(accepted)
                .map(|result| result["id"].as_str().unwrap().to_owned());
            acknowledged.extend(ids);
            if results.len() == BATCH && results.iter().all(|result| result["status"] == 202) {
                break;
            }
        }
    }
    acknowledged
}

fn delivery(request: &Received) -> String {
    format!("{} {}", request.path, request.expect_header("webhook-id"))
}

/// Kills the API, both workers and Redis, and starts them again as a supervisor would.
async fn kill_everything(system: &mut System) {
    system.api.kill9();
    for worker in &mut system.workers {
        worker.kill9();
    }
    system.redis.kill9();
    system.redis.restart();
    system.api.restart();
    for worker in &mut system.workers {
        worker.restart();
    }
    system.wait_ready().await;
}

/// Ten thousand deliveries; everything is killed twice in the middle. Whatever the API acknowledged arrives, and
/// nothing is left over.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_everything_loses_nothing() {
    let mut system = System::builder().workers(2).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for number in 0..ENDPOINTS {
        let path = format!("/hook/{number}");
        receiver.always(&path, Answer::status(200));
        customer.create_endpoint(&receiver.url(&path), &["*"]).await;
    }
    let pushing = tokio::spawn(push_all(system.backend(), system.account().to_owned()));
    for count in [2_500, 6_000] {
        receiver
            .wait_until(DEADLINE, format!("{count} requests"), |all| all.len() >= count)
            .await;
        kill_everything(&mut system).await;
    }
    let acknowledged = pushing.await.unwrap();
    assert_eq!(
        acknowledged.len(),
        EVENTS,
        "each event has one id, whatever was repeated"
    );

    let mut wanted = HashSet::new();
    for number in 0..ENDPOINTS {
        wanted.extend(acknowledged.iter().map(|id| format!("/hook/{number} {id}")));
    }
    let received = receiver
        .wait_until(DEADLINE, "every acknowledged delivery".to_owned(), |all| {
            all.len() >= wanted.len()
                && all
                    .iter()
                    .map(|request| delivery(request))
                    .collect::<HashSet<_>>()
                    .is_superset(&wanted)
        })
        .await;
    system.finish().await;
    println!(
        "{} deliveries, {} of them sent more than once",
        wanted.len(),
        received.len() - wanted.len()
    );
}
