//! Clients that are too slow, too silent, too many or send too much, on real sockets against the real program with its real
//! deadlines.
//!
//! Proves (security): Connections, heads, bodies and idle time are limited, chunked bodies too

use std::time::Duration;

use e2e::client::Caller;
use e2e::system::{SERVICE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixture::{api, everything, processor_time};

/// As many connections as there may be in these tests.
const MOST: usize = 20;

async fn connection(system: &System) -> TcpStream {
    let address = system.api.variable("API_LISTEN").unwrap().to_owned();
    TcpStream::connect(address).await.unwrap()
}

async fn say(system: &System, text: &str) -> TcpStream {
    let mut stream = connection(system).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Asserts that another client is served, on its own connection.
async fn is_served(system: &System) {
    let reply = Caller::new(&system.api_url(), None).get("/healthz").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// What the server says until it closes the connection.
async fn closed(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    // A connection that is closed with bytes unread is reset, after what the server has said.
    let reading = tokio::time::timeout(LONG, stream.read_to_end(&mut said));
    drop(reading.await.unwrap());
    String::from_utf8(said).unwrap()
}

fn post(path: &str, rest: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {SERVICE_KEY}\r\ncontent-type: application/json\r\n{rest}"
    )
}

/// Sends one byte after another until the server has had enough, and gives back what it said.
async fn drip(system: &System, start: String, byte: &str) -> String {
    let (mut reader, mut writer) = say(system, &start).await.into_split();
    let dripping = async {
        while writer.write_all(byte.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        std::future::pending().await
    };
    let mut said = Vec::new();
    let end = async {
        let reading = tokio::time::timeout(LONG, reader.read_to_end(&mut said));
        drop(reading.await.unwrap());
    };
    tokio::select! {
        () = dripping => {}
        () = end => {}
    }
    String::from_utf8(said).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_or_silent_is_closed() {
    let mut system = api().await;
    let before = everything(&system);
    let half_open = async {
        let mut stream = connection(&system).await;
        stream.shutdown().await.unwrap();
        closed(stream).await
    };
    let stopped = say(&system, &post("/api/events", "content-length: 10\r\n\r\n{")).await;
    let chunks = post(
        "/api/events/batch",
        "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
    );
    let (silent, half_open, begun, slowloris, stopped, stopped_chunks) = tokio::join!(
        closed(connection(&system).await),
        half_open,
        closed(say(&system, "GET /healthz HTT").await),
        drip(&system, "GET /healthz HTTP/1.1\r\nx-slow: ".to_owned(), "a"),
        closed(stopped),
        closed(say(&system, &chunks).await),
    );
    for said in [silent, half_open, begun, slowloris] {
        assert_eq!(said, "");
    }
    for said in [stopped, stopped_chunks] {
        assert!(
            said.starts_with("HTTP/1.1 408") && said.contains("request_timeout"),
            "{said}"
        );
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_connections_as_the_limit_and_more() {
    let mut system = System::builder()
        .workers(0)
        .api_env("MAX_CONNECTIONS", MOST.to_string())
        .start()
        .await;
    // Silent and idle ones make room for whoever has something to say.
    let mut kept = Vec::new();
    for number in 0..3 * MOST {
        let mut stream = connection(&system).await;
        if number % 2 == 0 {
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
                .await
                .unwrap();
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.unwrap();
            assert_eq!(&status, b"HTTP/1.1 200");
        }
        kept.push(stream);
    }
    is_served(&system).await;

    // With a request begun on as many connections as there may be, others wait until the server gives those up.
    let mut begun = Vec::new();
    for _ in 0..2 * MOST {
        begun.push(say(&system, "GET /healthz HTTP/1.1\r\nx-slow: ").await);
    }
    is_served(&system).await;
    for stream in begun {
        assert_eq!(closed(stream).await, "");
    }
    drop(kept);
    system.stop();
}

#[tokio::test]
async fn requests_in_one_piece_are_answered_in_order() {
    let mut system = api().await;
    let event =
        json!({"accountId": "org:a", "event": "lead.captured", "chatbotId": "c", "data": {}}).to_string();
    let mut all = String::new();
    for number in 0..20 {
        all += &post(
            "/api/events",
            &format!(
                "x-request-id: n{number}.\r\ncontent-length: {}\r\n\r\n{event}",
                event.len()
            ),
        );
        all += &format!("GET /nothing HTTP/1.1\r\nhost: x\r\nx-request-id: m{number}.\r\n\r\n");
    }
    all += "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let said = closed(say(&system, &all).await).await;
    let order: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("x-request-id: "))
        .collect();
    let expected: Vec<_> = (0..20)
        .flat_map(|number| [format!("n{number}."), format!("m{number}.")])
        .collect();
    assert_eq!(order[..40], expected);
    assert_eq!(said.matches("HTTP/1.1 202").count(), 20, "{said}");
    assert_eq!(said.matches("HTTP/1.1 404").count(), 20, "{said}");
    system.stop();
}

#[tokio::test]
async fn a_request_that_could_be_two_is_refused_or_is_one() {
    let mut system = api().await;
    let before = everything(&system);
    let hidden = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    for rest in [
        format!("content-length: 5\r\ncontent-length: 6\r\n\r\n{hidden}"),
        format!("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("content-length: 0x5\r\n\r\n{hidden}"),
        format!("content-length: +5\r\n\r\n{hidden}"),
        format!("transfer-encoding: chunked\r\n\r\n0x1\r\n{{\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{hidden}"),
    ] {
        let stream = say(&system, &post("/api/events", &rest)).await;
        let said = closed(stream).await;
        assert!(said.starts_with("HTTP/1.1 400"), "{rest:?}: {said}");
        assert_eq!(said.matches("HTTP/1.1").count(), 1, "{rest:?}: {said}");
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let mut system = api().await;
    let long = |size: usize| format!("x-long: {}\r\n", "a".repeat(size));
    for head in [
        format!(
            "GET /healthz HTTP/1.1\r\nconnection: close\r\n{}\r\n",
            long(17 << 10)
        ),
        format!(
            "GET /healthz HTTP/1.1\r\nconnection: close\r\n{}\r\n",
            "a: b\r\n".repeat(80)
        ),
    ] {
        let said = closed(say(&system, &head).await).await;
        assert!(
            said.starts_with("HTTP/1.1 431") && said.contains("head_too_large"),
            "{said}"
        );
    }
    for head in [
        format!("GET /healthz HTTP/1.1\r\n{}", long(8 << 20)),
        format!("GET /{} HTTP/1.1\r\n", "a".repeat(8 << 20)),
        format!("GET /healthz HTTP/1.1\r\n{}", "a: b\r\n".repeat(1 << 20)),
    ] {
        let mut stream = connection(&system).await;
        // It is refused before all of it is sent.
        stream.write_all(head.as_bytes()).await.ok();
        let said = closed(stream).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
    }
    is_served(&system).await;
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_leads_from_an_answer_to_the_log() {
    let mut system = api().await;
    system.redis.stop_signal();
    let caller = system.customer();
    let request = caller
        .request(reqwest::Method::GET, "/api/webhooks-config")
        .header("x-request-id", "from-the-caller.7");
    let reply = Caller::send(request).await.expect(503);
    system.redis.cont();
    assert_eq!(reply.headers["x-request-id"], "from-the-caller.7");
    eventually(LONG, "the id in the log", async || {
        let log = system.api.log();
        check(log.contains("from-the-caller.7"), log)
    })
    .await;
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_hold_up_a_stop() {
    let mut system = api().await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(connection(&system).await);
        held.push(say(&system, "GET /healthz HTT").await);
        held.push(say(&system, &post("/api/events", "content-length: 10\r\n\r\n{")).await);
    }
    // Once this one is accepted, all have been.
    is_served(&system).await;
    system.stop();
    for stream in held {
        closed(stream).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn running_out_of_files_is_survived_without_spinning() {
    let mut system = api().await;
    is_served(&system).await;
    let process = i32::try_from(system.api.id()).ok().and_then(Pid::from_raw);
    let open = std::fs::read_dir(format!("/proc/{}/fd", system.api.id()))
        .unwrap()
        .count() as u64;
    let few = Rlimit {
        current: Some(open + 10),
        maximum: Some(open + 10),
    };
    prlimit(process, Resource::Nofile, few).unwrap();
    let mut held = Vec::new();
    for _ in 0..40 {
        held.push(say(&system, "GET /healthz HTTP/1.1\r\nx-slow: ").await);
    }
    eventually(LONG, "the complaint", async || {
        let log = system.api.log();
        check(log.contains("no connection can be accepted"), log)
    })
    .await;
    // A loop that only fails to accept would take all of a processor: 200 hundredths.
    let before = processor_time(&system);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let spent = processor_time(&system) - before;
    assert!(spent < 100, "{spent} hundredths of a second in two seconds");
    drop(held);
    is_served(&system).await;
    system.stop();
}
