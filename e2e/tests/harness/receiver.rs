//! The receiver does what its script says, and records every request.

use std::time::Duration;

use e2e::receiver::{Answer, Receiver, TestCa};
use e2e::wait::{LONG, check, eventually};

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn answers_in_the_order_of_the_script_and_records_the_bytes() {
    let receiver = Receiver::start().await;
    receiver.then("/a", [Answer::status(500), Answer::redirect(302, "/b")]);
    receiver.always("/a", Answer::status(201).header("x-fruit", "apple").body("made"));
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut statuses = Vec::new();
    for number in 0..4 {
        let request = client.post(receiver.url("/a")).header("X-Number", number);
        let response = request.body(format!("body {number}")).send().await.unwrap();
        statuses.push(response.status().as_u16());
        if number == 3 {
            assert_eq!(response.headers()["x-fruit"], "apple");
            assert_eq!(response.text().await.unwrap(), "made");
        }
    }
    assert_eq!(statuses, [500, 302, 201, 201]);
    let received = receiver.wait_for(4).await;
    assert_eq!(received[2].body, "body 2");
    assert_eq!(received[2].expect_header("x-number"), "2");
    assert!(received[0].head.starts_with(b"POST /a HTTP/1.1\r\n"));
    assert_eq!(receiver.connections(), 1, "the connection is kept");
}

#[tokio::test]
async fn misbehaves_as_told() {
    let receiver = Receiver::start().await;
    for (path, answer) in [
        ("/reset", Answer::reset()),
        ("/close", Answer::close()),
        ("/short", Answer::cut_short(100, "too short")),
        ("/garbage", Answer::garbage()),
        ("/headers", Answer::endless_headers()),
    ] {
        receiver.always(path, answer);
        let outcome = async { client().post(receiver.url(path)).send().await?.bytes().await };
        assert!(outcome.await.is_err(), "{path}");
    }
    receiver.always("/body", Answer::endless_body());
    let mut response = client().post(receiver.url("/body")).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
}

#[tokio::test]
async fn holds_until_the_gate_opens_and_notices_who_leaves() {
    let receiver = Receiver::start().await;
    receiver.always("/held", Answer::status(204).held());
    receiver.always("/hang", Answer::hang());
    let held = tokio::spawn(client().post(receiver.url("/held")).send());
    let hanging = client()
        .post(receiver.url("/hang"))
        .timeout(Duration::from_millis(200));
    assert!(hanging.send().await.unwrap_err().is_timeout());
    receiver.wait_for(2).await;
    eventually(LONG, "the hanging request to be given up", async || {
        check(receiver.open() == 1, format!("{} are open", receiver.open()))
    })
    .await;
    receiver.open_gate();
    assert_eq!(held.await.unwrap().unwrap().status(), 204);
    assert_eq!(receiver.most_open(), 2);
}

#[tokio::test]
async fn refuses_connections_while_closed() {
    let mut receiver = Receiver::start().await;
    receiver.close().await;
    let refused = client().post(receiver.url("/")).send().await.unwrap_err();
    assert!(refused.is_connect());
    receiver.reopen().await;
    assert_eq!(
        client().post(receiver.url("/")).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn speaks_tls_with_its_own_authority() {
    let ca = TestCa::new();
    let receiver = Receiver::start_tls(&ca).await;
    let refused = client().post(receiver.url("/")).send().await.unwrap_err();
    assert!(refused.is_connect());
    let certificate = reqwest::Certificate::from_pem(&std::fs::read(ca.pem_file()).unwrap()).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    assert_eq!(
        trusting.post(receiver.url("/")).send().await.unwrap().status(),
        200
    );
}
