//! An endpoint's health: what went wrong, what to do about it, and what will happen next.

use domain::clock::Timestamp;
use e2e::receiver::{Answer, Receiver, TestCa};
use e2e::state::assert_nothing_left;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

const HOUR_MS: u64 = 60 * 60 * 1000;

async fn push(system: &System, number: usize) {
    let data = json!({"number": number});
    let pushed = system
        .backend()
        .push(system.account(), "lead.captured", data)
        .await;
    assert!(pushed.deliveries > 0);
}

/// A time of the API, in milliseconds.
#[track_caller]
fn millis(time: &Value) -> u64 {
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is no time"));
    text.parse::<Timestamp>().unwrap().as_millis()
}

/// A time of the API as advice writes it, `11:52 UTC`, and the advice without the date, which it carries from midnight on.
fn clock_time(time: &Value, advice: &Value) -> (String, String) {
    let (date, clock) = time.as_str().unwrap().split_once('T').unwrap();
    let advice = advice.as_str().unwrap().replace(&format!("{date} "), "");
    (format!("{} UTC", &clock[..5]), advice)
}

#[track_caller]
fn assert_idle(health: &Value) {
    assert_eq!(
        health["queue"],
        json!({"waiting": 0, "retrying": 0, "inFlight": 0, "oldestWaitingSince": null}),
        "{health}"
    );
    assert_eq!(health["nextAttemptAt"], Value::Null, "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_endpoint_says_why_and_when_it_will_be_disabled() {
    let (system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "1h,1h")
        .env("DISABLE_AFTER", "4")
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(401));
    let id = endpoint.id;
    let fresh = system.customer().endpoint(&id).await;
    assert_idle(&fresh["health"]);
    for nothing in [
        "successRate",
        "p50Ms",
        "p95Ms",
        "topFailure",
        "disabledAtThisPace",
    ] {
        assert_eq!(fresh["health"][nothing], Value::Null, "{nothing}");
    }
    assert_eq!(fresh["health"]["sampledAttempts"], 0);

    push(&system, 1).await;
    let one = system
        .wait_for_endpoint(&id, "a failure", |endpoint| endpoint["consecutiveFailures"] == 1)
        .await;
    assert_eq!(one["health"]["disabledAtThisPace"], Value::Null, "one is no pace");
    let first_failure = one["lastAttempt"]["at"].clone();
    push(&system, 2).await;
    push(&system, 3).await;
    let three = system
        .wait_for_endpoint(&id, "three failures", |endpoint| {
            endpoint["consecutiveFailures"] == 3
        })
        .await;
    let health = &three["health"];
    assert_eq!(
        (&health["disableAfter"], &health["failuresUntilDisabled"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(
        (&health["successRate"], &health["sampledAttempts"]),
        (&json!(0.0), &json!(3))
    );
    assert!(health["p50Ms"].as_u64() <= health["p95Ms"].as_u64(), "{health}");
    let queue = json!({"waiting": 0, "retrying": 3, "inFlight": 0, "oldestWaitingSince": null});
    assert_eq!(health["queue"], queue);
    assert_eq!(health["parked"], json!({"deliveries": 0, "bytes": 0}));
    // The first retry is due an hour after the first failure, or up to a tenth later; nothing disables it before that.
    let next = millis(&health["nextAttemptAt"]);
    let hour_later = millis(&first_failure) + HOUR_MS;
    assert!(
        (hour_later - 60_000..hour_later + HOUR_MS / 5).contains(&next),
        "{health}"
    );
    assert!(millis(&health["disabledAtThisPace"]) >= next, "{health}");
    let top = &health["topFailure"];
    let (clock, advice) = clock_time(&first_failure, &top["advice"]);
    assert_eq!(
        advice,
        format!("401 since {clock}: the signature is checked with another secret?")
    );
    assert_eq!(
        *top,
        json!({"error": "http_status", "status": 401, "count": 3, "since": first_failure, "advice": top["advice"]})
    );

    // The fourth disables it; what comes later is parked with the rest.
    push(&system, 4).await;
    system
        .wait_for_endpoint(&id, "the endpoint to be disabled", |endpoint| {
            endpoint["active"] == false
        })
        .await;
    push(&system, 5).await;
    let disabled = system.customer().endpoint(&id).await;
    let health = &disabled["health"];
    assert_idle(health);
    assert_eq!(health["failuresUntilDisabled"], 0);
    assert_eq!(health["disabledAtThisPace"], Value::Null);
    assert_eq!(health["parked"]["deliveries"], 5);
    assert!(health["parked"]["bytes"].as_u64().unwrap() > 5 * 50, "{health}");

    // The receiver is repaired: all of it arrives, and the failures are history.
    receiver.always("/hook", Answer::status(204));
    system.customer().toggle(&id).await;
    assert_nothing_left(&system.redis).await;
    let repaired = system.customer().endpoint(&id).await;
    let health = &repaired["health"];
    assert_idle(health);
    assert_eq!(health["parked"], json!({"deliveries": 0, "bytes": 0}));
    assert_eq!(
        (&health["sampledAttempts"], &health["failuresUntilDisabled"]),
        (&json!(9), &json!(4))
    );
    let rate = health["successRate"].as_f64().unwrap();
    assert!((rate - 5.0 / 9.0).abs() < 1e-9, "{rate}");
    let advice = health["topFailure"]["advice"].as_str().unwrap();
    assert!(advice.starts_with("401 until "), "{advice}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_says_how_long_its_head_has_waited() {
    let (system, receiver, endpoint) = System::builder()
        .worker_env("ENDPOINT_CONCURRENCY", "1")
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(200).held());
    let id = endpoint.id;
    push(&system, 0).await;
    receiver.wait_for(1).await;
    push(&system, 1).await;
    push(&system, 2).await;
    let endpoint = system.customer().endpoint(&id).await;
    let health = &endpoint["health"];
    let counts = ["waiting", "retrying", "inFlight"].map(|name| health["queue"][name].as_u64());
    assert_eq!(counts, [Some(2), Some(0), Some(1)], "{health}");
    let (since, made) = (&health["queue"]["oldestWaitingSince"], &endpoint["createdAt"]);
    assert!(millis(since) >= millis(made), "{since} {made}");
    assert!(millis(&health["nextAttemptAt"]) >= millis(since), "{health}");
    // The head of the queue is served, and another one is the oldest.
    receiver.open_gate();
    assert_nothing_left(&system.redis).await;
    let health = &system.customer().endpoint(&id).await["health"];
    assert_idle(health);
    assert_eq!(
        (&health["successRate"], &health["topFailure"]),
        (&json!(1.0), &Value::Null)
    );
    system.finish().await;
}

/// What is wrong with a receiver, and the advice that its owner gets.
struct Fault {
    url: String,
    error: &'static str,
    status: Option<u16>,
    advice: String,
}

fn fault(url: String, error: &'static str, status: Option<u16>, advice: &str) -> Fault {
    Fault {
        url,
        error,
        status,
        advice: advice.to_owned(),
    }
}

/// The advice about a name when no name server can be reached.
const OFFLINE: &str =
    "host name not resolved {when}: the name servers of its domain do not answer; check them";

/// Makes an endpoint of each URL, and lets one event fail at all of them.
async fn assert_advice(system: System, faults: &[Fault]) {
    let customer = system.customer();
    let mut ids = Vec::new();
    for fault in faults {
        ids.push(customer.create_endpoint(&fault.url, &["*"]).await.id);
    }
    push(&system, 1).await;
    for (fault, id) in faults.iter().zip(&ids) {
        let top = eventually(LONG, "the failure", async || {
            let endpoint = customer.endpoint(id).await;
            let top = endpoint["health"]["topFailure"].clone();
            check(!top.is_null(), endpoint.to_string()).map(|()| top)
        })
        .await;
        let (clock, advice) = clock_time(&top["since"], &top["advice"]);
        let says = |text: &str| advice == text.replace("{when}", &format!("since {clock}"));
        let is_offline = fault.error == "dns" && says(OFFLINE);
        assert!(
            says(&fault.advice) || is_offline,
            "{advice}, and not {}",
            fault.advice
        );
        assert_eq!(
            (&top["error"], &top["status"], &top["count"]),
            (&json!(fault.error), &json!(fault.status), &json!(1)),
            "{}",
            fault.url
        );
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_comes_with_advice() {
    let system = System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("DELIVERY_TIMEOUT", "5s")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let at = |path: &str, answer: Answer| {
        receiver.always(path, answer);
        receiver.url(path)
    };
    let mut closed = Receiver::start().await;
    closed.close().await;
    let faults = [
        fault(
            at("/moved", Answer::redirect(307, "https://example.com/new")),
            "redirect",
            Some(307),
            "307 to https://example.com/new {when}: update the URL",
        ),
        fault(
            at("/missing", Answer::status(404)),
            "http_status",
            Some(404),
            "404 {when}: nothing is served at this path; correct the URL, or the receiver's route",
        ),
        fault(
            at("/behind", Answer::status(503)),
            "http_status",
            Some(503),
            "503 {when}: what stands in front of the receiver gets no answer from it; is it running?",
        ),
        fault(
            at("/hangs", Answer::hang()),
            "timeout",
            None,
            "no answer within 5 s {when}: answer first and work later",
        ),
        fault(
            at("/closes", Answer::close()),
            "protocol",
            None,
            "connection broken off {when}: the receiver, or a proxy in front of it, closes connections before its answer is \
             complete, or speaks no HTTP there; check the URL's scheme and port",
        ),
        fault(
            closed.url("/"),
            "connect",
            None,
            "connection refused {when}: nothing listens at the URL's host and port; is the receiver running?",
        ),
        fault(
            "http://nothing.invalid:8080/".to_owned(),
            "dns",
            None,
            "host name not found {when}: check the spelling of nothing.invalid, and its DNS records",
        ),
    ];
    assert_advice(system, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_advice_says_what_is_wrong_with_a_certificate() {
    let ca = TestCa::new();
    let system = System::builder()
        .env("SSL_CERT_FILE", ca.pem_file().to_str().unwrap())
        .env("RETRY_SCHEDULE", "")
        .start()
        .await;
    let expired = Receiver::start_tls_expired(&ca).await;
    let other_name = Receiver::start_tls_as(&ca, &["elsewhere.example"]).await;
    let stranger = Receiver::start_tls(&TestCa::new()).await;
    let faults = [
        (
            &expired,
            "TLS failure {when}: the certificate expired on 2021-03-01; renew it",
        ),
        (
            &other_name,
            "TLS failure {when}: the certificate is for another name; get one for the URL's host",
        ),
        (
            &stranger,
            "TLS failure {when}: the certificate's issuer is unknown; use a public authority, and send the chain in full",
        ),
    ];
    let faults = faults.map(|(receiver, advice)| fault(receiver.url("/"), "tls", None, advice));
    assert_advice(system, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_is_that_of_the_last_hundred_attempts() {
    let (system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1000")
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(500));
    let id = endpoint.id;
    let events = |count: usize| -> Vec<_> {
        let event = json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
        vec![event; count]
    };
    system.backend().push_batch(&events(30)).await;
    assert_nothing_left(&system.redis).await;
    receiver.always("/hook", Answer::status(200));
    system.backend().push_batch(&events(90)).await;
    assert_nothing_left(&system.redis).await;
    let health = &system.customer().endpoint(&id).await["health"];
    assert_eq!(health["sampledAttempts"], 100, "{health}");
    assert_eq!(
        (&health["successRate"], &health["topFailure"]["count"]),
        (&json!(0.9), &json!(10))
    );
    system.finish().await;
}
