//! A push's own trace goes with its event into each attempt, and is told to receivers of OpenTelemetry if there are any.
//!
//! Proves (guarantees): a push that is part of a trace

use std::collections::BTreeSet;

use e2e::otlp::{Span, spans};
use e2e::receiver::{Answer, Receiver};
use e2e::state::connect;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn traceparent() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

fn event(system: &System) -> Value {
    json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "c", "data": {"n": 1}})
}

/// Pushes an event with these headers; returns its id.
async fn push(system: &System, headers: &[&str]) -> String {
    let mut request = system
        .backend()
        .request(Method::POST, "/api/events")
        .json(&event(system));
    for header in headers {
        request = request.header("traceparent", *header);
    }
    let reply = e2e::client::Caller::send(request).await.expect(202);
    reply.body["id"].as_str().unwrap().to_owned()
}

/// Trace, parent and flags of a header.
fn parts(header: &str) -> (String, String, String) {
    let parts: Vec<_> = header.split('-').collect();
    assert_eq!((parts.len(), parts[0]), (4, "00"), "{header}");
    (parts[1].to_owned(), parts[2].to_owned(), parts[3].to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_tells_the_pushs_trace_and_a_parent_of_its_own() {
    let (system, receiver, _) = System::start_with_hook().await;
    receiver.then("/hook", [Answer::status(500), Answer::status(500)]);
    push(&system, &[&traceparent()]).await;
    let attempts = receiver.wait_for_at("/hook", 3).await;
    let mut parents = BTreeSet::from([PARENT.to_owned()]);
    for attempt in &attempts {
        let (trace, parent, flags) = parts(attempt.expect_header("traceparent"));
        assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "01"));
        assert!(parents.insert(parent), "a parent of its own");
        assert_eq!(attempt.header("tracestate"), None);
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_one_or_with_a_wrong_one_nothing_is_told_or_kept() {
    let (system, receiver, _) = System::start_with_hook().await;
    let twice = traceparent();
    let wrong = traceparent().to_uppercase();
    let pushes: [&[&str]; 5] = [&[], &["hello"], &[&wrong], &[&twice, &twice], &[""]];
    let mut ids = Vec::new();
    for headers in pushes {
        ids.push(push(&system, headers).await);
    }
    for attempt in receiver.wait_for_at("/hook", ids.len()).await {
        assert_eq!(attempt.header("traceparent"), None);
    }
    let mut connection = connect(&system.redis);
    for id in ids {
        let kept: bool = connection
            .hexists(format!("wh:{{0}}:event:{id}"), "trace")
            .unwrap();
        assert!(!kept, "{id}");
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_one_and_a_replay_none() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    let batch = json!({"events": [event(&system), event(&system)]});
    let request = system
        .backend()
        .request(Method::POST, "/api/events/batch")
        .json(&batch);
    let request = request.header("traceparent", traceparent());
    drop(e2e::client::Caller::send(request).await.expect(202));
    let attempts = receiver.wait_for_at("/hook", 2).await;
    for attempt in &attempts {
        assert_eq!(parts(attempt.expect_header("traceparent")).0, TRACE);
    }
    let delivery = attempts[0].expect_header("X-RKT-Delivery");
    let replay = format!(
        "/api/webhooks-config/{}/deliveries/{delivery}/replay",
        endpoint.id
    );
    // It can be sent again once it has been recorded.
    let customer = system.customer();
    eventually(LONG, "the replay", async || {
        let reply = customer.post(&replay, &json!({})).await;
        check(reply.status < 300, reply.text)
    })
    .await;
    let again = receiver.wait_for_at("/hook", 3).await;
    assert_eq!(again[2].header("X-RKT-Replay"), Some("true"));
    assert_eq!(again[2].header("traceparent"), None);
    system.finish().await;
}

/// The spans that came so far.
fn told(collector: &Receiver) -> Vec<Span> {
    let posted = collector.received_at("/v1/traces");
    spans(posted.iter().map(|request| &**request))
}

/// Waits for so many spans.
async fn wait_for_spans(collector: &Receiver, count: usize) -> Vec<Span> {
    eventually(LONG, "the spans", async || {
        let spans = told(collector);
        check(spans.len() >= count, format!("{spans:?}"))?;
        Ok(spans)
    })
    .await
}

async fn exporting(collector: &Receiver) -> (System, Receiver) {
    let (system, receiver, _) = System::builder()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(""))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s%20ecret")
        .env("OTEL_RESOURCE_ATTRIBUTES", "team=hooks")
        .start_with_hook()
        .await;
    (system, receiver)
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_of_opentelemetry_are_told_of_the_push_its_wait_and_each_attempt() {
    let collector = Receiver::start().await;
    let (system, receiver) = exporting(&collector).await;
    receiver.then("/hook", [Answer::status(500)]);
    let id = push(&system, &[&traceparent()]).await;
    let attempts = receiver.wait_for_at("/hook", 2).await;
    let spans = wait_for_spans(&collector, 4).await;
    assert_eq!(spans.len(), 4, "{spans:?}");
    let posted = &collector.received_at("/v1/traces")[0];
    assert_eq!(posted.expect_header("api-key"), "s ecret");
    let named = |name: &str| -> Vec<&Span> { spans.iter().filter(|span| span.name == name).collect() };

    let [pushed] = named("push")[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(
        (pushed.service.as_str(), pushed.parent.as_str(), pushed.kind),
        ("webhooks-api", PARENT, 2)
    );
    assert_eq!(pushed.attributes["webhooks.event"], id);
    assert_eq!(pushed.attributes["webhooks.accepted"], "1");
    let [waited] = named("queue")[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(
        (waited.service.as_str(), waited.parent.as_str(), waited.kind),
        ("webhooks-worker", pushed.id.as_str(), 1)
    );
    let made = named("attempt");
    for (number, (span, attempt)) in made.iter().zip(&attempts).enumerate() {
        // What the receiver was told is this span.
        let (trace, parent, _) = parts(attempt.expect_header("traceparent"));
        assert_eq!((trace.as_str(), &parent), (TRACE, &span.id));
        assert_eq!((span.parent.as_str(), span.kind), (pushed.id.as_str(), 3));
        let status = ["500", "200"][number];
        assert_eq!(span.attributes["http.response.status_code"], status);
        assert_eq!(span.attributes["webhooks.attempt"], (number + 1).to_string());
        assert_eq!(
            span.attributes["webhooks.delivery"],
            attempt.expect_header("X-RKT-Delivery")
        );
        assert_eq!(span.attributes["server.address"], receiver.address().to_string());
        assert_eq!(span.failure.as_deref(), (number == 0).then_some("http_status"));
    }
    for span in &spans {
        assert_eq!(span.trace, TRACE);
        assert!(span.time.0 > 0 && span.time.0 <= span.time.1, "{span:?}");
    }
    assert!(waited.time.1 <= made[0].time.1);
    let metrics = system.api_metrics().await;
    assert!(
        metrics.contains("webhooks_api_trace_spans_total{result=\"exported\"} 1"),
        "{metrics}"
    );
    system.finish().await;
}

/// A receiver that asks for a pause gets the first attempt again: the delivery waited once.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_held_has_waited_once() {
    let collector = Receiver::start().await;
    let (system, receiver) = exporting(&collector).await;
    receiver.then("/hook", [Answer::status(429).header("retry-after", "1")]);
    push(&system, &[&traceparent()]).await;
    receiver.wait_for_at("/hook", 2).await;
    // What is left goes before a program ends.
    system.finish().await;
    let spans = told(&collector);
    let mut names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["attempt", "attempt", "push", "queue"]);
}

/// A trace that the API begins is for the operator alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_without_a_trace_begins_one_that_receivers_arent_told_of() {
    let collector = Receiver::start().await;
    let (system, receiver) = exporting(&collector).await;
    push(&system, &[]).await;
    let attempts = receiver.wait_for_at("/hook", 1).await;
    assert_eq!(attempts[0].header("traceparent"), None);
    let spans = wait_for_spans(&collector, 3).await;
    let pushed = spans.iter().find(|span| span.name == "push").unwrap();
    assert_eq!(pushed.parent, "");
    assert!(spans.iter().all(|span| span.trace == pushed.trace));
    // A trace that whoever pushes doesn't record isn't recorded here, and goes on as it came.
    push(&system, &[&traceparent().replace("-01", "-00")]).await;
    let attempts = receiver.wait_for_at("/hook", 2).await;
    let (trace, _, flags) = parts(attempts[1].expect_header("traceparent"));
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "00"));
    // What is left goes before a program ends.
    system.finish().await;
    assert_eq!(told(&collector).len(), 3);
}

/// A receiver of traces that is away, or takes nothing, costs nobody anything but its traces.
#[tokio::test(flavor = "multi_thread")]
async fn deliveries_dont_wait_for_a_receiver_of_traces() {
    let mut collector = Receiver::start().await;
    collector.always("/v1/traces", Answer::hang());
    let (system, receiver) = exporting(&collector).await;
    for _ in 0..20 {
        push(&system, &[&traceparent()]).await;
    }
    receiver.wait_for_at("/hook", 20).await;
    collector.close().await;
    system.finish().await;
}
