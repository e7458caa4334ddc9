//! What the programs' logs have: a line for each attempt and each push, refusals with their code, and no chatter of libraries.

use e2e::process::Process;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

/// The lines of a log with this sentence.
fn lines(process: &Process, sentence: &str) -> Vec<Value> {
    let log = process.log();
    let parsed = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.filter(|line| line["message"] == sentence).collect()
}

async fn line(process: &Process, sentence: &str) -> Value {
    eventually(LONG, sentence, async || {
        lines(process, sentence).pop().ok_or_else(|| process.log())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_push_and_refusal_has_a_line() {
    let (system, receiver, endpoint) = System::builder()
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", "debug")
        .start_with_hook()
        .await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "c", "data": {"n": 1}});
    let request = system
        .backend()
        .request(reqwest::Method::POST, "/api/events")
        .json(&event);
    let request = request
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .header("X-Request-Id", "request-of-mine");
    let pushed = e2e::client::Caller::send(request).await.expect(202);
    let attempt = receiver.wait_for_at("/hook", 1).await.remove(0);

    let accepted = line(&system.api, "accepted").await;
    assert_eq!(accepted["span"]["id"], "request-of-mine", "{accepted}");
    for (field, value) in [
        ("level", json!("INFO")),
        ("account", json!(system.account())),
        ("event", pushed.body["id"].clone()),
        ("accepted", json!(1)),
        ("deliveries", json!(1)),
        ("key", json!("test")),
        ("trace", json!(trace)),
    ] {
        assert_eq!(accepted[field], value, "{field}: {accepted}");
    }
    let delivered = line(&system.workers[0], "delivered").await;
    let pid = system.workers[0].id();
    for (field, value) in [
        ("level", json!("INFO")),
        ("account", json!(system.account())),
        ("event", pushed.body["id"].clone()),
        ("delivery", json!(attempt.expect_header("X-RKT-Delivery"))),
        ("endpoint", json!(endpoint.id)),
        ("host", json!(receiver.address().to_string())),
        ("attempt", json!(1)),
        ("status", json!(200)),
        ("trace", json!(trace)),
    ] {
        assert_eq!(delivered[field], value, "{field}: {delivered}");
    }
    let worker = delivered["worker"].as_str().unwrap();
    assert!(worker.contains(&format!("-{pid}-")), "{worker}");

    let wrong = json!({"accountId": system.account(), "event": "no.such", "chatbotId": "c", "data": {}});
    drop(system.backend().post("/api/events", &wrong).await.expect(422));
    let refused = line(&system.api, "refused a request").await;
    assert_eq!(
        (&refused["code"], &refused["status"]),
        (&json!("unknown_event"), &json!(422)),
        "{refused}"
    );

    // `RUST_LOG=debug` is about us.
    for process in [&system.api, &system.workers[0]] {
        for line in process.log().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let target = line["target"].as_str().unwrap();
            let is_ours = ["api", "worker", "store", "serve", "program", "domain", "traces"]
                .iter()
                .any(|ours| target.starts_with(ours));
            assert!(line["level"] != "DEBUG" || is_ours, "{line}");
        }
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_attempts_have_some_lines_and_say_how_many_were_left_out() {
    let (system, receiver, _) = System::builder()
        .env("LOG_FORMAT", "json")
        .start_with_hook()
        .await;
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "c", "data": {}});
    let batch = vec![event; 1000];
    system.backend().push_batch(&batch).await;
    receiver.wait_for_at("/hook", 1000).await;
    let told = async || {
        let lines = lines(&system.workers[0], "delivered");
        let left_out: u64 = lines.iter().filter_map(|line| line["left_out"].as_u64()).sum();
        (lines.len(), lines.len() as u64 + left_out)
    };
    // The last ones are told of by the next line.
    eventually(LONG, "all to be told of", async || {
        drop(
            system
                .backend()
                .push(system.account(), "lead.captured", json!({}))
                .await,
        );
        let (lines, attempts) = told().await;
        check(attempts >= 1000, format!("{lines} {attempts}"))
    })
    .await;
    let (lines, attempts) = told().await;
    assert!((lines as u64) < attempts, "{lines} of {attempts}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_a_start_is_told_in_the_form_of_the_log() {
    let system = System::builder().workers(0).start().await;
    for (program, name, value, sentence) in [
        (
            "webhooks-api",
            "SERVICE_KEYS",
            "hunter2",
            "SERVICE_KEYS: entry 1 must be",
        ),
        (
            "webhooks-api",
            "CLERK_JWT_KEY",
            "hunter2",
            "CLERK_JWT_KEY: must be an RSA public key",
        ),
        (
            "webhooks-worker",
            "SECRETS_KEY",
            "hunter2",
            "SECRETS_KEY: must be the base64 of 32 bytes",
        ),
    ] {
        let mut environment = system.environment.clone();
        environment.push((name.to_owned(), value.to_owned()));
        for (format, is_json) in [("text", false), ("json", true), ("", true)] {
            environment.push(("LOG_FORMAT".to_owned(), format.to_owned()));
            environment.retain(|(name, value)| name != "LOG_FORMAT" || !value.is_empty());
            if format.is_empty() {
                environment.retain(|(name, _)| name != "LOG_FORMAT");
            }
            let output = Process::run(program, &[], &environment);
            assert_eq!(output.status.code(), Some(2));
            let printed = String::from_utf8(output.stderr).unwrap();
            let said = if is_json {
                let line: Value = serde_json::from_str(printed.trim()).unwrap();
                assert_eq!(line["level"], "ERROR");
                line["message"].as_str().unwrap().to_owned()
            } else {
                printed
            };
            assert!(said.starts_with(sentence) && !said.contains("hunter2"), "{said}");
        }
    }
    system.finish().await;
}
