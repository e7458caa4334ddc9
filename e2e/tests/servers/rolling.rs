//! Two APIs behind nginx with its defaults, which asks nobody whether it is ready: it finds out by sending. They are restarted in turn
//! while clients push and read, and nobody gets anything but answers.
//!
//! Proves (guarantees): two APIs are restarted in turn

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use e2e::client::Caller;
use e2e::process::Process;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::{Client, Method};
use serde_json::json;
use tokio::task::JoinSet;

use super::real::Server;

/// Clients that call all the time.
const CLIENTS: usize = 8;

/// What the clients have got.
#[derive(Debug, Default)]
struct Answers {
    good: AtomicUsize,
    is_over: AtomicBool,
}

/// Pushes and reads in turn, each over the connections that nginx keeps, until it is over. Returns what went wrong.
async fn call(
    customer: Caller,
    backend: Caller,
    account: String,
    number: usize,
    answers: Arc<Answers>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for count in 0.. {
        if answers.is_over.load(Ordering::Relaxed) {
            break;
        }
        let (request, expected) = if count % 2 == 0 {
            let event = json!({"accountId": account, "event": "lead.captured", "chatbotId": "c",
                "data": {"client": number, "count": count}});
            (backend.request(Method::POST, "/api/events").json(&event), 202)
        } else {
            (customer.request(Method::GET, "/api/webhooks-config"), 200)
        };
        match Caller::try_send(request).await {
            Ok(reply) if reply.status == expected => {
                answers.good.fetch_add(1, Ordering::Relaxed);
            }
            Ok(reply) => wrong.push(format!("{} {}", reply.status, reply.text)),
            Err(error) => wrong.push(format!("{error:?}")),
        }
        // Their pace: some hundreds of calls a second.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    wrong
}

/// Whether it has served one of the clients' calls since it started. nginx leaves a server alone for ten seconds that has refused one
/// connection, and if the other one is restarted within these, there is none.
async fn is_used(api: &Process) -> bool {
    let address = api.variable("API_ADMIN_LISTEN").unwrap();
    let metrics = Client::new()
        .get(format!("http://{address}/metrics"))
        .send()
        .await;
    let Ok(metrics) = metrics else { return false };
    let text = metrics.text().await.unwrap_or_default();
    text.lines().any(|line| {
        line.starts_with("webhooks_api_http_requests_total{") && line.contains(r#"route="/api/events""#)
    })
}

pub(super) async fn restarted_in_turn(restarts: usize, variables: &[(&str, &str)]) {
    let mut builder = System::builder();
    for (name, value) in variables {
        builder = builder.api_env(name, *value);
    }
    let (mut system, receiver, _) = builder.start_with_hook().await;
    let mut second = system.another_api().await;
    let (one, other) = (
        system.api.variable("API_LISTEN").unwrap(),
        second.variable("API_LISTEN").unwrap(),
    );
    let upstream = format!("upstream api {{ server {one}; server {other}; }}");
    let nginx = Server::nginx(&upstream, "", "location / { proxy_pass http://api; }").await;
    let base = format!("http://{}", nginx.address());
    let answers = Arc::<Answers>::default();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (customer, backend) = (system.customer().at(&base), system.backend().at(&base));
        let account = system.account().to_owned();
        clients.spawn(call(customer, backend, account, number, Arc::clone(&answers)));
    }
    for round in 0..restarts {
        let api = if round % 2 == 0 {
            &mut system.api
        } else {
            &mut second
        };
        // As a supervisor does it: it ends by itself, and the next one isn't touched before this one is back.
        let before = answers.good.load(Ordering::Relaxed);
        api.restart();
        let listen = api.variable("API_LISTEN").unwrap().to_owned();
        api.wait_ready(&format!("http://{listen}/readyz")).await;
        let api = &*api;
        eventually(LONG, "a call that nginx sends to it", async || {
            check(is_used(api).await, "none yet")
        })
        .await;
        assert!(
            answers.good.load(Ordering::Relaxed) > before,
            "somebody was served meanwhile"
        );
    }
    answers.is_over.store(true, Ordering::Relaxed);
    let wrong: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:#?}",
        wrong.len(),
        answers.good.load(Ordering::Relaxed)
    );
    system.finish().await;
    drop(receiver);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apis_behind_nginx_are_restarted_in_turn_and_no_call_fails() {
    restarted_in_turn(2, &[]).await;
}
