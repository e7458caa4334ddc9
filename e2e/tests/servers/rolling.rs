//! Two APIs behind nginx with its defaults, which asks nobody whether it is ready: it finds out by sending. They are restarted in turn
//! while clients push and read, and nobody gets anything but answers.
//!
//! Proves (guarantees): two APIs are restarted in turn

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::client::Caller;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::real::Server;

/// Clients that call all the time.
const CLIENTS: usize = 8;

/// What the clients have got.
#[derive(Debug, Default)]
struct Answers {
    /// How many good ones from each API, to each client's pushes, and to what it reads.
    by: Mutex<HashMap<String, [[usize; 2]; CLIENTS]>>,
    is_over: AtomicBool,
}

impl Answers {
    fn by(&self, server: &str) -> Vec<usize> {
        let by = self.by.lock().unwrap();
        by.get(server).copied().unwrap_or_default().concat()
    }

    fn good(&self) -> usize {
        self.by.lock().unwrap().values().flatten().flatten().sum()
    }
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
                let server = reply.headers["x-served-by"].to_str().unwrap().to_owned();
                answers.by.lock().unwrap().entry(server).or_default()[number][count % 2] += 1;
            }
            Ok(reply) => wrong.push(format!("{} {}", reply.status, reply.text)),
            Err(error) => wrong.push(format!("{error:?}")),
        }
        // Their pace: some hundreds of calls a second.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    wrong
}

/// Waits until nginx counts on that API again for each client's calls of each kind. It leaves a server alone for ten seconds that has refused
/// one connection, and if the other one is restarted within these, there is none; and each of its processes finds that out for
/// itself. Of three answers one may be late, of the process before, and one may have waited for its connection until the new one
/// was there: the last was sent to it anew.
async fn wait_until_used(server: &str, answers: &Answers) {
    let before = answers.by(server);
    eventually(LONG, "answers from it to everybody", async || {
        let now = answers.by(server);
        let is_used = now.iter().zip(&before).all(|(now, before)| now - before >= 3);
        check(is_used, format!("{before:?}, now {now:?}"))
    })
    .await;
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
    let location = "location / { proxy_pass http://api; add_header x-served-by $upstream_addr always; }";
    let nginx = Server::nginx(&upstream, "", location).await;
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
        let before = answers.good();
        api.restart();
        let listen = api.variable("API_LISTEN").unwrap().to_owned();
        api.wait_ready(&format!("http://{listen}/readyz")).await;
        wait_until_used(&listen, &answers).await;
        assert!(answers.good() > before, "somebody was served meanwhile");
    }
    answers.is_over.store(true, Ordering::Relaxed);
    let wrong: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:#?}",
        wrong.len(),
        answers.good()
    );
    system.finish().await;
    drop(receiver);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apis_behind_nginx_are_restarted_in_turn_and_no_call_fails() {
    restarted_in_turn(2, &[]).await;
}
