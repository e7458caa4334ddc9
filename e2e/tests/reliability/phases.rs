//! The log says where the time of an attempt went, and how the receiver answered.

use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use e2e::receiver::{Answer, Receiver, TestCa};
use e2e::system::System;
use e2e::wait::{LONG, eventually};
use serde_json::json;
use store::Store;
use store::log::LoggedAttempt;
use store::queue::Phases;

/// The one attempt of an event that is pushed now to the one endpoint that there is.
async fn attempt(system: &System, endpoint: &str) -> LoggedAttempt {
    let pushed = system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let (account, endpoint): (AccountId, EndpointId) =
        (system.account().parse().unwrap(), endpoint.parse().unwrap());
    let event: EventId = pushed.id.parse().unwrap();
    let delivery = DeliveryId::of(&event, &endpoint);
    let store = Store::new(&system.redis.args()).unwrap();
    eventually(LONG, "the attempt to be logged", async || {
        let detail = store.get_delivery(&account, &endpoint, &delivery).await.unwrap();
        detail
            .flatten()
            .and_then(|mut detail| detail.attempts.pop())
            .ok_or_else(|| "it is not".to_owned())
    })
    .await
}

/// Which phases there were: name lookup, TCP, TLS, first byte.
fn seen(phases: Phases) -> [bool; 4] {
    [phases.dns, phases.connect, phases.tls, phases.first_byte].map(|phase| phase.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_where_the_time_went() {
    let ca = TestCa::new();
    let system = System::builder()
        .env("SSL_CERT_FILE", ca.pem_file().to_str().unwrap())
        .env("RETRY_SCHEDULE", "")
        .start()
        .await;
    let receiver = Receiver::start_tls(&ca).await;
    let url = format!("https://localhost:{}/hook", receiver.address().port());
    let customer = system.customer();
    let endpoint = customer.create_endpoint(&url, &["*"]).await.id;
    let new = attempt(&system, &endpoint).await;
    assert_eq!(seen(new.phases), [true; 4], "{new:?}");
    // On a busy machine the connection may have been idle for too long by then.
    eventually(LONG, "a connection to be used again", async || {
        let attempt = attempt(&system, &endpoint).await;
        match seen(attempt.phases) {
            [false, false, false, true] => Ok(()),
            _ => Err(format!("{attempt:?}")),
        }
    })
    .await;
    assert!(receiver.connections() < receiver.count());

    let stranger = Receiver::start_tls(&TestCa::new()).await;
    let nowhere = "http://nothing.invalid:8080/".to_owned();
    for (url, error, phases) in [
        (stranger.url("/"), "tls", [false, true, true, false]),
        (nowhere, "dns", [true, false, false, false]),
    ] {
        let body = json!({"id": endpoint, "url": url});
        let reply = customer.patch("/api/webhooks-config", &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let failed = attempt(&system, &endpoint).await;
        assert_eq!(failed.error.as_deref(), Some(error), "{failed:?}");
        assert_eq!(seen(failed.phases), phases, "{failed:?}");
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_keeps_how_a_failure_was_answered_without_the_receivers_secrets() {
    let (system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "")
        .start_with_hook()
        .await;
    let answer = |status| {
        Answer::status(status)
            .header("x-request-id", "r-1")
            .header("set-cookie", "sid=hunter2")
            .body("no such tenant")
    };
    receiver.then("/hook", [answer(404), answer(200)]);
    let failed = attempt(&system, &endpoint.id).await;
    assert_eq!(failed.snippet.as_deref(), Some("no such tenant"));
    let head = failed.response_headers.unwrap();
    assert!(head.contains("x-request-id: r-1\n"), "{head}");
    assert!(head.contains("set-cookie: …\n"), "{head}");
    let succeeded = attempt(&system, &endpoint.id).await;
    assert_eq!((succeeded.response_headers, succeeded.snippet), (None, None));
    system.finish().await;
}
