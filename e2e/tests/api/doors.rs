//! Crowds at the door of the API: of slow senders, of readers that don't read, of one account. Nobody else pays for them.
//!
//! Proves (guarantees): a thousand clients send a byte every four seconds
//! Proves (guarantees): one account has as many requests open as it may
//! Proves (security): The documentation is one copy in memory
//! Proves (security): Who sends or takes less than 64 KiB/s

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::clerk::Claims;
use e2e::client::{Caller, Reply};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::fixture::{ENDPOINTS, EVENTS, api};

/// More than the API has places: so many bodies come a byte at a time, and a fifth as many other requests beside them.
const CROWD: usize = 1060;

/// The start of a request whose body doesn't come.
fn begun(path: &str, token: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: 15000\r\n\r\n{{"
    )
}

/// Sends a beginning and then a byte every four seconds, and comes again when it is thrown out.
async fn drip(address: String, start: String, came: Arc<AtomicUsize>) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&address).await
            && stream.write_all(start.as_bytes()).await.is_ok()
        {
            came.fetch_add(1, Ordering::Relaxed);
            let (mut reader, mut writer) = stream.split();
            let dripping = async {
                while writer.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(4)).await;
                }
            };
            let mut said = Vec::new();
            tokio::select! {
                () = dripping => {}
                _ = reader.read_to_end(&mut said) => {}
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A customer who finds the API crowded is served within this. (The crowd kept everybody out for a minute.)
const SOON: Duration = Duration::from_secs(15);

/// A request on a connection of its own.
async fn ask_anew(
    system: &System,
    token: &str,
    method: Method,
    path: &str,
    body: Option<&serde_json::Value>,
) -> Reply {
    let mut request = system
        .caller(token)
        .request(method, path)
        .timeout(Duration::from_secs(20));
    if let Some(body) = body {
        request = request.json(body);
    }
    Caller::send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_clients_keep_nobody_out() {
    let mut system = api().await;
    let address = system.api.variable("API_LISTEN").unwrap().to_owned();
    let bodies = (0..CROWD).map(|number| {
        // So many that none has more than its share.
        let organisation = format!("org_2slow{}", number % 10);
        let token = Claims::v2("user_2slow", Some(&organisation)).sign(&system.key);
        begun(ENDPOINTS, &token)
    });
    let heads = std::iter::repeat_n("GET /healthz HTTP/1.1\r\nx-slow: ".to_owned(), CROWD / 10);
    let strangers = std::iter::repeat_n(begun("/nope", "none"), CROWD / 10);
    let came = Arc::<AtomicUsize>::default();
    let mut crowd = JoinSet::new();
    for start in bodies.chain(heads).chain(strangers) {
        crowd.spawn(drip(address.clone(), start, Arc::clone(&came)));
    }
    let all = crowd.len();
    eventually(LONG, "the crowd", async || {
        let came = came.load(Ordering::Relaxed);
        check(came >= all, came.to_string())
    })
    .await;
    // The backend, whose places are kept, is served at once; a customer after a moment at most.
    let event = json!({"accountId": "org:a", "event": "lead.captured", "chatbotId": "c", "data": {}});
    let session = Claims::v2("user_2other", Some("org_2other")).sign(&system.key);
    for _ in 0..40 {
        let pushed = ask_anew(
            &system,
            e2e::system::SERVICE_KEY,
            Method::POST,
            EVENTS,
            Some(&event),
        )
        .await;
        assert_eq!(pushed.status, 202, "{}", pushed.text);
        let probe = ask_anew(&system, "none", Method::GET, "/readyz", None).await;
        assert_eq!(probe.status, 200, "{}", probe.text);
        eventually(SOON, "an answer for the customer", async || {
            let reply = ask_anew(&system, &session, Method::GET, ENDPOINTS, None).await;
            if reply.status == 503 {
                assert_eq!(
                    (reply.code(), &reply.headers["retry-after"]),
                    ("server_crowded", &"1".parse().unwrap())
                );
            }
            check(reply.status == 200, reply.text)
        })
        .await;
    }
    crowd.shutdown().await;
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_leaves_room_for_the_others() {
    // An eighth of 256.
    const SHARE: usize = 32;
    let mut system = System::builder()
        .workers(0)
        .api_env("MAX_CONNECTIONS", "256")
        .start()
        .await;
    let address = system.api.variable("API_LISTEN").unwrap().to_owned();
    let token = Claims::v2("user_2many", Some("org_2many")).sign(&system.key);
    let begin = async || {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream
            .write_all(begun(ENDPOINTS, &token).as_bytes())
            .await
            .unwrap();
        stream
    };
    let mut open = Vec::new();
    for _ in 0..SHARE {
        open.push(begin().await);
    }
    let own = system.caller(&token);
    eventually(LONG, "the refusal", async || {
        let reply = own.get(ENDPOINTS).await;
        if reply.status == 200 {
            // It may have had the place of one of those, which was refused.
            open.push(begin().await);
        }
        check(reply.status == 429, reply.text.clone())?;
        assert_eq!(
            (reply.code(), &reply.headers["retry-after"]),
            ("too_many_at_once", &"1".parse().unwrap())
        );
        Ok(())
    })
    .await;
    assert_eq!(system.customer().get(ENDPOINTS).await.status, 200);
    assert_eq!(system.backend().get("/readyz").await.status, 200);
    drop(open);
    eventually(LONG, "room", async || {
        let reply = own.get(ENDPOINTS).await;
        check(reply.status == 200, reply.text)
    })
    .await;
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_readers_that_do_not_read_cost_little_memory() {
    let mut system = System::builder()
        .workers(0)
        .api_env("MAX_CONNECTIONS", "2000")
        .start()
        .await;
    let address = system.api.variable("API_LISTEN").unwrap().to_owned();
    let mut readers = Vec::new();
    for path in ["/docs", "/openapi.json"] {
        for _ in 0..500 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            readers.push(stream);
        }
    }
    // All have been answered, as far as they let the API.
    eventually(LONG, "the answers", async || {
        let metrics = system.api_metrics().await;
        let count = |path: &str| {
            let start = format!(
                "webhooks_api_http_requests_total{{method=\"GET\",route=\"{path}\",status=\"200\"}} "
            );
            let count = metrics.lines().find_map(|line| line.strip_prefix(&*start));
            count.map_or(0, |count| count.parse::<usize>().unwrap())
        };
        let answered = count("/docs") + count("/openapi.json");
        check(answered == readers.len(), answered.to_string())
    })
    .await;
    let page = system.customer().get("/docs").await.expect(200);
    assert!(page.text.len() > 1 << 20, "{}", page.text.len());
    let peak = system.api.peak_memory() >> 20;
    assert!(peak < 100, "{peak} MiB for {} readers", readers.len());
    drop(readers);
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_ask_nothing_of_redis() {
    const PROBES: usize = 3000;
    let mut system = api().await;
    let commands = || -> usize {
        let info: String = redis::cmd("INFO")
            .arg("stats")
            .query(&mut e2e::state::connect(&system.redis))
            .unwrap();
        let count = info
            .lines()
            .find_map(|line| line.strip_prefix("total_commands_processed:"));
        count.unwrap().trim().parse().unwrap()
    };
    let nobody = Caller::new(&system.api_url(), None);
    let before = commands();
    for _ in 0..PROBES {
        assert_eq!(nobody.get("/readyz").await.status, 200);
    }
    // What the program asks by itself goes on meanwhile, about once a second.
    let asked = commands() - before;
    assert!(asked < PROBES / 2, "{asked} commands for {PROBES} probes");
    system.stop();
}
