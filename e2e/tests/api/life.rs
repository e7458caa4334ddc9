//! How an API begins to take part, and how it leaves: whoever is in front of it finds another one meanwhile, and no call is lost.
//!
//! Proves (guarantees): an API that is asked to stop

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::system::SERVICE_KEY;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::fixture::api;

/// Answers over one connection, one after the other, each with whether it is the last one.
struct Kept(reqwest::Client, String);

impl Kept {
    fn new(base: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1);
        Self(client.build().unwrap(), base.to_owned())
    }

    async fn get(&self, path: &str) -> (u16, bool, serde_json::Value) {
        let response = self.0.get(format!("{}{path}", self.1)).send().await.unwrap();
        let is_last = response
            .headers()
            .get("connection")
            .is_some_and(|value| value == "close");
        (
            response.status().as_u16(),
            is_last,
            response.json().await.unwrap(),
        )
    }
}

#[tokio::test]
async fn who_is_asked_to_stop_serves_on_for_a_while_and_says_that_it_is_not_ready() {
    let mut system = api().await;
    system.api.set("DRAIN_DELAY", "10m");
    system.api.restart();
    system.wait_ready().await;
    let kept = Kept::new(&system.api_url());
    let (status, is_last, ready) = kept.get("/readyz").await;
    assert_eq!((status, is_last), (200, false), "{ready}");
    system.api.ask_to_end();
    let reason = eventually(LONG, "not ready", async || {
        let (status, is_last, ready) = kept.get("/readyz").await;
        check(status == 503 && is_last, format!("{status} {is_last} {ready}"))?;
        Ok(ready["reasons"][0].to_string())
    })
    .await;
    assert!(reason.contains("stopping"), "{reason}");
    // Whoever comes all the same, on a new connection each time, is served.
    for number in 0..20 {
        let (status, is_last, endpoints) = kept.get("/healthz").await;
        assert_eq!((status, is_last), (200, true), "{endpoints}");
        let event = json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "c", "data": {"n": number}});
        let pushed = system.backend().post("/api/events", &event).await.expect(202);
        assert_eq!(pushed.headers["connection"], "close");
    }
    // Asked again, it doesn't wait.
    system.api.ask_to_end();
    assert!(system.api.wait().success(), "{}", system.api.log());
    system.stop();
}

/// What is in front of several asks the next one where a connection is refused, and passes on a 503.
#[tokio::test]
async fn who_begins_refuses_connections_until_it_has_reached_redis_for_five_seconds_at_most() {
    let mut system = api().await;
    let mut environment = system.environment.clone();
    let (listen, admin, nobody) = (free_port(), free_port(), free_port());
    environment.push(("API_LISTEN".to_owned(), format!("127.0.0.1:{listen}")));
    environment.push(("API_ADMIN_LISTEN".to_owned(), format!("127.0.0.1:{admin}")));
    environment.push(("REDIS_URL".to_owned(), format!("redis://127.0.0.1:{nobody}")));
    let mut lonely = Process::start("webhooks-api", &environment);
    // It has begun: its metrics are there. It doesn't listen before five seconds have passed.
    eventually(LONG, "metrics", async || {
        let metrics = reqwest::get(format!("http://127.0.0.1:{admin}/metrics")).await;
        check(metrics.is_ok(), format!("{metrics:?}"))
    })
    .await;
    let early = TcpStream::connect(("127.0.0.1", listen)).map_err(|error| error.kind());
    let begun = std::time::Instant::now();
    eventually(LONG, "a connection", async || {
        let connected = TcpStream::connect(("127.0.0.1", listen));
        check(connected.is_ok(), format!("{connected:?}"))
    })
    .await;
    if begun.elapsed() > Duration::from_secs(1) {
        assert_eq!(early.unwrap_err(), ErrorKind::ConnectionRefused);
    }
    let caller = Caller::new(&format!("http://127.0.0.1:{listen}"), Some(SERVICE_KEY));
    let event = json!({"accountId": "org:a", "event": "lead.captured", "chatbotId": "c", "data": {}});
    let refused = caller.post("/api/events", &event).await;
    assert_eq!(
        (refused.status, refused.code()),
        (503, "store_unavailable"),
        "{}",
        refused.text
    );
    assert!(refused.headers.contains_key("retry-after"));
    assert!(lonely.terminate().success(), "{}", lonely.log());
    system.stop();
}
