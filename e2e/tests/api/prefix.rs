//! `HEADER_PREFIX`: another product's headers, in deliveries, test events, the document and the signature doctor.

use domain::signing::SigningSecret;
use e2e::process::Process;
use e2e::receiver::Received;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Map, Value, json};

use crate::fixture::{ENDPOINTS, api};

/// Asserts that a request has the headers of a delivery, of the product Acme alone.
fn assert_ours(request: &Received, secret: &str) {
    let signature = SigningSecret::parse(secret)
        .unwrap()
        .legacy_signature(&request.body);
    assert_eq!(request.expect_header("x-acme-signature"), signature);
    assert_eq!(request.expect_header("x-acme-event"), "lead.captured");
    assert_eq!(request.expect_header("x-acme-attempt"), "1");
    assert!(request.expect_header("x-acme-delivery").starts_with("dlv_"));
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name).collect();
    assert!(
        !names.iter().any(|name| name.to_lowercase().starts_with("x-rkt")),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_the_document_and_the_doctor_follow_the_prefix() {
    let (system, receiver, endpoint) = System::builder()
        .env("HEADER_PREFIX", "X-Acme")
        .start_with_hook()
        .await;
    let customer = system.customer();
    system
        .backend()
        .push("org:org_2test", "lead.captured", json!({}))
        .await;
    let sent = receiver.wait_for(1).await.pop().unwrap();
    assert_ours(&sent, &endpoint.secret);
    let path = format!("{ENDPOINTS}/{}", endpoint.id);
    let body = json!({"event": "lead.captured"});
    let tested = customer
        .post(&format!("{path}/test"), &body)
        .await
        .expect(200)
        .body;
    assert_eq!(tested["succeeded"], true, "{tested}");
    assert_ours(&receiver.wait_for(2).await.pop().unwrap(), &endpoint.secret);

    let headers: Map<String, Value> = sent
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let verify = async |headers: &Map<String, Value>| {
        let body = json!({"headers": headers, "body": str::from_utf8(&sent.body).unwrap()});
        customer
            .post(&format!("{path}/verify"), &body)
            .await
            .expect(200)
            .body
    };
    let good = verify(&headers).await;
    assert_eq!(good["valid"], true, "{good}");
    assert_eq!(good["signatures"][0]["header"], "X-Acme-Signature");
    let none = verify(&Map::new()).await;
    let advice = none["findings"][0]["advice"].as_str().unwrap();
    assert!(advice.starts_with("Neither `X-Acme-Signature` nor"), "{advice}");

    for page in ["/openapi.json", "/docs", "/errors"] {
        let text = customer.get(page).await.expect(200).text;
        assert!(!text.contains("X-RKT-"), "{page}");
        assert_eq!(text.contains("X-Acme-Replay"), page != "/errors", "{page}");
    }
    let page = customer.get("/dashboard").await.expect(200).text;
    assert!(page.contains("\"headerPrefix\":\"X-Acme-\""), "{page}");
    let printed = Process::run(
        "webhooks-api",
        &["openapi"],
        &[("HEADER_PREFIX".to_owned(), "X-Acme".to_owned())],
    );
    assert!(printed.status.success());
    let served = customer.get("/openapi.json").await.text;
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), served);
    system.finish().await;
}

#[tokio::test]
async fn a_prefix_that_belongs_to_others_stops_both_programs() {
    let mut system = api().await;
    for (program, value, sentence) in [
        (
            "webhooks-api",
            "webhook",
            "HEADER_PREFIX: must not begin with `webhook-`",
        ),
        (
            "webhooks-worker",
            "X_Acme",
            "HEADER_PREFIX: must be the beginning of header names",
        ),
    ] {
        let mut environment = system.environment.clone();
        environment.push(("HEADER_PREFIX".to_owned(), value.to_owned()));
        let output = Process::run(program, &[], &environment);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && printed.starts_with(sentence),
            "{printed}"
        );
        assert_eq!(printed.lines().count(), 1, "{printed}");
    }
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_warns_of_workers_with_another_prefix() {
    let mut system = System::builder()
        .worker_env("HEADER_PREFIX", "X-Acme")
        .start()
        .await;
    eventually(LONG, "the warning", async || {
        let log = system.api.log();
        check(
            log.contains("HEADER_PREFIX differs") && log.contains("workers=\"X-Acme\""),
            log,
        )
    })
    .await;
    system.stop();
}
