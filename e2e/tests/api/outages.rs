//! Redis is away or full: the API answers in bounded time, says what to do, and recovers by itself.

use std::time::Instant;

use e2e::ports::free_port;
use e2e::process::Process;
use e2e::wait::{LONG, check, eventually};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{BATCH, ENDPOINTS, EVENTS, api, assert_refused};

fn event(account: &str) -> Value {
    json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": {}})
}

#[tokio::test]
async fn while_redis_is_away_every_call_says_so_and_then_goes_on() {
    let mut system = api().await;
    let (customer, backend, account) = (system.customer(), system.backend(), system.account());
    let id = customer
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    system.redis.kill9();
    let one = format!("{ENDPOINTS}/{id}");
    let removal = format!("{ENDPOINTS}?id={id}");
    let new = json!({"url": "http://127.0.0.1:9000/", "events": ["*"]});
    for (method, path, reply) in [
        (Method::GET, ENDPOINTS, customer.get(ENDPOINTS).await),
        (Method::GET, one.as_str(), customer.get(&one).await),
        (Method::POST, ENDPOINTS, customer.post(ENDPOINTS, &new).await),
        (
            Method::PATCH,
            ENDPOINTS,
            customer.patch(ENDPOINTS, &json!({"id": id})).await,
        ),
        (Method::DELETE, removal.as_str(), customer.delete(&removal).await),
        (Method::POST, EVENTS, backend.post(EVENTS, &event(account)).await),
        (
            Method::POST,
            BATCH,
            backend
                .post(BATCH, &json!({"events": [event(account), {}]}))
                .await,
        ),
    ] {
        assert_refused(&method, path, &reply, 503, "store_unavailable", "");
        assert_eq!(reply.headers["retry-after"], "2", "{method} {path}");
    }
    let ready = eventually(LONG, "503 from /readyz", async || {
        let ready = customer.get("/readyz").await;
        if ready.status == 503 {
            Ok(ready)
        } else {
            Err(ready.text)
        }
    })
    .await;
    assert_eq!(ready.body["status"], "unavailable");
    assert!(
        ready.body["reasons"][0].as_str().unwrap().contains("Redis"),
        "{}",
        ready.text
    );
    let _reply = customer.get("/healthz").await.expect(200);
    // The API still says what is wrong with a request.
    assert_eq!(backend.post(EVENTS, &json!({})).await.code(), "missing_field");

    system.redis.restart();
    system.wait_ready().await;
    assert_eq!(customer.endpoint(&id).await["active"], true);
    assert_eq!(
        backend.post(EVENTS, &event(account)).await.expect(202).body["deliveries"],
        1
    );
    system.stop();
}

/// Whoever asks again and again in an outage fills no log: each cause has a line a second, and says how many it left out.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_logged_once_a_second_however_many_ask() {
    const CALLS: usize = 300;
    let mut system = api().await;
    let (backend, account) = (system.backend(), system.account());
    system.redis.kill9();
    let began = Instant::now();
    let pushes = (0..CALLS).map(|_| async { backend.post(EVENTS, &event(account)).await.status });
    assert_eq!(join_all(pushes).await, [503; CALLS]);
    // The next line of each cause says what was left out.
    let causes = [
        "Redis is not available: the request was refused",
        "a request failed",
    ];
    let lines = eventually(LONG, "what was left out to be said", async || {
        let _refused = backend.post(EVENTS, &event(account)).await;
        let log = system.api.log();
        let lines = causes.map(|cause| {
            log.lines()
                .filter(|line| line.contains(cause))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        let are_counted = lines
            .iter()
            .all(|lines| lines.last().is_some_and(|line| line.contains("left_out")));
        check(are_counted, format!("{lines:?}")).map(|()| lines)
    })
    .await;
    let most = began.elapsed().as_secs() + 1;
    for lines in lines {
        assert!(lines.len() as u64 <= most, "{} in {most} s", lines.len());
        let left_out = |line: &String| line.split_once("left_out=")?.1.parse::<usize>().ok();
        let unsaid: usize = lines.iter().filter_map(left_out).sum();
        assert!(
            unsaid + lines.len() >= CALLS,
            "{unsaid} were left out of {lines:?}"
        );
    }
    system.stop();
}

#[tokio::test]
async fn a_redis_that_hangs_is_not_waited_for() {
    let mut system = api().await;
    let (customer, backend, account) = (system.customer(), system.backend(), system.account());
    let id = customer
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    system.redis.stop_signal();
    // All at once: one that waits holds up no other.
    let (toggle, batch, one) = (
        json!({"id": id}),
        json!({"events": [event(account), event(account)]}),
        event(account),
    );
    let calls = async {
        futures_util::join!(
            customer.get(ENDPOINTS),
            customer.patch(ENDPOINTS, &toggle),
            backend.post(EVENTS, &one),
            backend.post(BATCH, &batch),
        )
    };
    let (list, toggled, pushed, many) = tokio::time::timeout(LONG / 4, calls).await.unwrap();
    for reply in [list, toggled, pushed, many] {
        assert_eq!(
            (reply.status, reply.code()),
            (503, "store_unavailable"),
            "{}",
            reply.text
        );
    }
    eventually(LONG, "503 from /readyz", async || {
        let ready = customer.get("/readyz").await;
        check(ready.status == 503, ready.text)
    })
    .await;
    assert_eq!(customer.get("/healthz").await.status, 200);
    system.redis.cont();
    system.wait_ready().await;
    assert_eq!(customer.endpoint(&id).await["active"], true);
    system.stop();
}

#[tokio::test]
async fn a_full_redis_takes_no_events_until_there_is_room() {
    let mut system = api().await;
    let (customer, backend, account) = (system.customer(), system.backend(), system.account());
    customer.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
    assert!(system.redis.raw("CONFIG SET maxmemory 1").unwrap().contains("OK"));
    let reply = backend.post(EVENTS, &event(account)).await;
    assert_refused(&Method::POST, EVENTS, &reply, 503, "store_full", "");
    assert!(reply.headers.contains_key("retry-after"));
    assert!(system.redis.raw("CONFIG SET maxmemory 0").unwrap().contains("OK"));
    assert_eq!(
        backend.post(EVENTS, &event(account)).await.expect(202).body["deliveries"],
        1
    );
    system.stop();
}

#[tokio::test]
async fn the_api_may_start_before_redis() {
    let mut system = api().await;
    let mut environment = system.environment.clone();
    environment.push(("API_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
    system.stop();
    system.redis.terminate();
    let mut api = Process::start("webhooks-api", &environment);
    let url = format!("http://{}", api.variable("API_LISTEN").unwrap());
    let client = e2e::client::Caller::new(&url, None);
    eventually(LONG, "an answer of the API", async || {
        let reply = e2e::client::Caller::try_send(client.request(Method::GET, "/readyz")).await;
        let reply = reply.map_err(|error| error.to_string())?;
        check(
            reply.status == 503 && reply.text.contains("Redis is not available"),
            reply.text,
        )
    })
    .await;
    assert!(api.log().contains("Redis can't be used yet"), "{}", api.log());
    system.redis.restart();
    api.wait_ready(&format!("{url}/readyz")).await;
    assert!(api.terminate().success());
}
