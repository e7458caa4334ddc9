//! Connections: of which a client closes its sending half, and that clients keep.
//!
//! Proves (guarantees): a client closes its sending half after its request

use std::time::Duration;

use e2e::clerk::Claims;
use e2e::receiver::Answer;
use e2e::system::{SERVICE_KEY, System};
use e2e::wait::LONG;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixture::{EVENTS, api, everything};

/// A request with a body in one piece, or in chunks.
fn request(system: &System, token: &str, head: &str, body: &str, is_chunked: bool) -> String {
    let host = system.api.variable("API_LISTEN").unwrap();
    let head = format!(
        "{head} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    );
    if is_chunked {
        format!(
            "{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        )
    } else {
        format!("{head}content-length: {}\r\n\r\n{body}", body.len())
    }
}

/// Sends this, closes the sending half, and reads to the end.
async fn ask(system: &System, request: &str) -> String {
    let mut stream = TcpStream::connect(system.api.variable("API_LISTEN").unwrap())
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut said = String::new();
    let reading = tokio::time::timeout(LONG, stream.read_to_string(&mut said));
    reading.await.unwrap().unwrap();
    said
}

/// Status and body of an answer that came as a whole.
fn whole(answer: &str) -> (u16, Value) {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("{answer:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer:?}")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closes_the_sending_half_gets_the_whole_answer() {
    let (mut system, receiver, endpoint) = System::start_with_hook().await;
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}})
            .to_string();
    for is_chunked in [false, true] {
        let push = request(
            &system,
            SERVICE_KEY,
            &format!("POST {EVENTS}"),
            &event,
            is_chunked,
        );
        let (status, body) = whole(&ask(&system, &push).await);
        assert_eq!((status, &body["deliveries"]), (202, &json!(1)), "{body}");
    }
    receiver.wait_for(2).await;
    // It takes as long as the receiver does.
    receiver.then("/hook", [Answer::status(204).after(Duration::from_secs(3))]);
    let test = format!("POST /api/webhooks-config/{}/test", endpoint.id);
    let token = Claims::v2("user_2test", Some("org_2test")).sign(&system.key);
    let test = request(&system, &token, &test, r#"{"event":"lead.captured"}"#, false);
    let (status, body) = whole(&ask(&system, &test).await);
    assert_eq!((status, &body["succeeded"]), (200, &json!(true)), "{body}");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closes_the_sending_half_within_a_request_has_asked_for_nothing() {
    let mut system = api().await;
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let before = everything(&system);
    for is_chunked in [false, true] {
        let push = request(
            &system,
            SERVICE_KEY,
            &format!("POST {EVENTS}"),
            &event.to_string(),
            is_chunked,
        );
        for length in [10, push.len() - 6] {
            let said = ask(&system, &push[..length]).await;
            assert!(!said.starts_with("HTTP/1.1 2"), "{said}");
        }
    }
    assert_eq!(everything(&system), before);
    system.stop();
}
