//! What a receiver is not to blame for: the end of a connection that was kept, one new connection that ended without an answer,
//! and oddities of an answer that is clear all the same.
//!
//! Proves (guarantees): a receiver closes a kept connection as a request comes, or ends a new one once without an answer
//! Proves (guarantees): a receiver answers 2xx, and ends TLS without `close_notify`, or has an odd line in its head

use e2e::receiver::{Answer, Receiver, TestCa};
use e2e::system::System;
use serde_json::{Value, json};

/// A system in which the first strike disables an endpoint, and nothing is tried twice.
async fn strict(ca: &TestCa) -> System {
    System::builder()
        .env("SSL_CERT_FILE", ca.pem_file().to_str().unwrap())
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1")
        .env("DISABLE_MIN_SPAN", "0s")
        .start()
        .await
}

/// Pushes an event to the one endpoint that there is, and waits for what came of it. Returns its attempts.
async fn attempts(system: &System, endpoint: &str) -> Vec<Value> {
    let pushed = system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    assert_eq!(pushed.deliveries, 1);
    let customer = system.customer();
    let path = format!("/api/webhooks-config/{endpoint}/deliveries");
    let done = e2e::wait::eventually(e2e::wait::LONG, "the attempt", async || {
        let log = customer.get(&path).await.body;
        let entries = log["deliveries"].as_array().unwrap();
        let of_event = entries.iter().find(|entry| entry["eventId"] == json!(pushed.id));
        let delivery = of_event.ok_or_else(|| log.to_string())?["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let detail = customer.get(&format!("{path}/{delivery}")).await.body;
        match detail["attempts"].as_array() {
            Some(attempts) if !attempts.is_empty() => Ok(attempts.clone()),
            _ => Err(detail.to_string()),
        }
    })
    .await;
    let endpoint = customer.endpoint(endpoint).await;
    assert_eq!(
        (&endpoint["active"], &endpoint["consecutiveFailures"]),
        (&json!(true), &json!(0)),
        "{endpoint}"
    );
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_without_an_answer_is_no_strike_and_the_log_says_that_the_request_was_sent_again()
 {
    let ca = TestCa::new();
    let system = strict(&ca).await;
    for secured in [false, true] {
        let receiver = if secured {
            Receiver::start_tls(&ca).await
        } else {
            Receiver::start().await
        };
        let ok = Answer::status(200);
        receiver.then(
            "/hook",
            [ok.clone(), Answer::close(), ok.clone(), Answer::reset(), ok],
        );
        let customer = system.customer();
        let endpoint = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
        for sent_again in [0, 1, 1] {
            let attempts = attempts(&system, &endpoint).await;
            assert_eq!(attempts.len(), 1, "{attempts:?}");
            let attempt = &attempts[0];
            assert_eq!(
                (&attempt["outcome"], &attempt["attempt"]),
                (&json!("succeeded"), &json!(1)),
                "{attempt}"
            );
            assert_eq!(attempt["sentAgain"], sent_again, "{attempt}");
        }
        let received = receiver.received_at("/hook");
        assert_eq!(received.len(), 5);
        for pair in [1, 3] {
            let ids = [pair, pair + 1].map(|at: usize| received[at].expect_header("webhook-id").to_owned());
            assert_eq!(ids[0], ids[1]);
        }
        customer
            .delete(&format!("/api/webhooks-config?id={endpoint}"))
            .await;
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_odd_and_clear_is_a_success() {
    let ca = TestCa::new();
    let system = strict(&ca).await;
    let receiver = Receiver::start_tls(&ca).await;
    let customer = system.customer();
    let endpoint = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
    for odd in [
        // The receiver closes after each, without `close_notify`.
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nX-Odd : 1\r\nno colon\r\nX Odd: 2\r\nX-Odd: \u{1}\r\ncontent-length: 0\r\n\r\n",
        &format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-more: 1\r\n".repeat(500)),
    ] {
        receiver.then("/hook", [Answer::raw(odd.to_owned())]);
        let attempts = attempts(&system, &endpoint).await;
        assert_eq!(attempts[0]["outcome"], "succeeded", "{odd:.60?}: {attempts:?}");
    }
    system.finish().await;
}
