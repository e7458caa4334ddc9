//! The operator's own URL gets events about all accounts, signed, each until it was taken.
//!
//! Proves (guarantees): the operator is told what happens to accounts, each until it was taken, 64 MiB of it at most

use domain::signing::SigningSecret;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_hears_of_what_an_account_with_one_endpoint_cannot_hear() {
    let secret = SigningSecret::generate();
    let (backend, customers) = (Receiver::start().await, Receiver::start().await);
    let mut system = System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "3")
        .env("DISABLE_MIN_SPAN", "0s")
        .worker_env("OPERATOR_EVENTS_URL", backend.url("/operator"))
        .worker_env("OPERATOR_EVENTS_SECRET", secret.expose())
        .workers(2)
        .start()
        .await;
    customers.always("/fails", Answer::status(500));
    // Redirects aren't followed, and whatever is no 2xx is tried again, in order.
    backend.always("/operator", Answer::redirect(302, &backend.url("/elsewhere")));
    let endpoint = system
        .customer()
        .create_endpoint(&customers.url("/fails"), &["*"])
        .await
        .id;
    for _ in 0..3 {
        system
            .backend()
            .push(system.account(), "lead.captured", json!({}))
            .await;
    }
    system
        .wait_for_endpoint(&endpoint, "it to be disabled", |endpoint| {
            endpoint["active"] == false
        })
        .await;
    eventually(LONG, "two tries", async || {
        let tried = backend.received_at("/operator").len();
        check(tried >= 2, format!("{tried}"))
    })
    .await;
    // Whoever sends them dies; the other one takes over.
    system.workers[0].kill9();
    backend.always("/operator", Answer::status(204));
    let wanted = [
        "delivery.exhausted",
        "delivery.exhausted",
        "endpoint.failing",
        "delivery.exhausted",
        "endpoint.disabled",
    ];
    let taken = eventually(LONG, "all to be told", async || {
        let answered: Vec<_> = backend
            .received_at("/operator")
            .into_iter()
            .filter(|one| one.status == Some(204))
            .collect();
        check(
            answered.len() >= wanted.len(),
            format!("{} of {}", answered.len(), wanted.len()),
        )?;
        Ok(answered)
    })
    .await;
    let mut kinds = Vec::new();
    for event in &taken {
        let id = event.header("webhook-id").unwrap();
        let seconds = event.header("webhook-timestamp").unwrap().parse().unwrap();
        assert_eq!(
            event.header("webhook-signature").unwrap(),
            secret.standard_signature(id, seconds, &event.body)
        );
        assert_eq!(
            event.header("x-rkt-signature").unwrap(),
            secret.legacy_signature(&event.body)
        );
        let body: Value = serde_json::from_slice(&event.body).unwrap();
        assert_eq!(body["event"], event.header("x-rkt-event").unwrap());
        assert_eq!(
            (&body["accountId"], &body["data"]["endpointId"]),
            (&json!(system.account()), &json!(endpoint))
        );
        kinds.push(body["event"].as_str().unwrap().to_owned());
    }
    kinds.sort();
    let mut sorted = wanted;
    sorted.sort_unstable();
    assert_eq!(kinds, sorted);
    assert!(backend.received_at("/elsewhere").is_empty());
    system.stop();
}

/// Each alone is a mistake that stops the start with one sentence.
#[test]
fn the_url_and_the_secret_belong_together() {
    let secret = SigningSecret::generate();
    let key = e2e::system::secrets_key(1);
    for (name, value, expected) in [
        (
            "OPERATOR_EVENTS_URL",
            "http://127.0.0.1:9/",
            "OPERATOR_EVENTS_SECRET is missing",
        ),
        (
            "OPERATOR_EVENTS_SECRET",
            secret.expose(),
            "OPERATOR_EVENTS_URL is missing",
        ),
        ("OPERATOR_EVENTS_URL", "ftp://example.com/", "OPERATOR_EVENTS_URL"),
        ("OPERATOR_EVENTS_SECRET", "whsec_short", "OPERATOR_EVENTS_SECRET"),
    ] {
        let environment = [("SECRETS_KEY", key.as_str()), (name, value)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let ended = Process::run("webhooks-worker", &[], &environment);
        assert!(!ended.status.success());
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
        assert!(
            said.contains(expected) && !said.contains(secret.expose()),
            "{said}"
        );
    }
}
