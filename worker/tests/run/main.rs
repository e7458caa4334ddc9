//! A whole worker against a real Redis and real receivers: it delivers, waits out Redis, and stops cleanly.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "only tests call these functions, and a test fails by a panic"
)]

mod fixture;

mod process;

mod test_events;

use std::time::Duration;

use domain::endpoint::DisabledReason;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::state::{assert_nothing_left, connect, keys};
use e2e::wait::{LONG, check, eventually};
use fixture::Running;
use redis::Commands as _;

/// Longer than `DELIVERY_TIMEOUT` and two seconds in all of these tests, on a busy machine too.
const BOUND: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_once_and_nothing_is_left() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    worker.wait_ready().await;
    let receiver = Receiver::start().await;
    for path in ["/a", "/b", "/c"] {
        worker.endpoint(&receiver.url(path)).await;
    }
    worker.push(700).await;
    let received = receiver.wait_for(2100).await;
    assert_nothing_left(&redis).await;
    assert_eq!(receiver.count(), 2100, "nothing came twice");
    assert!(
        received
            .iter()
            .all(|request| request.header("x-rkt-attempt") == Some("1"))
    );
    assert!(
        receiver.most_open() <= 3 * 32,
        "at most ENDPOINT_CONCURRENCY for each endpoint"
    );
    assert_eq!(
        worker
            .metric("webhooks_worker_attempts_total{outcome=\"succeeded\"}")
            .await,
        2100.0
    );
    assert_eq!(worker.metric("webhooks_worker_fetched_total").await, 2100.0);
    assert_eq!(worker.metric("webhooks_worker_in_flight").await, 0.0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failures_in_a_row_disable_and_a_retry_comes_with_the_next_number() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    let receiver = Receiver::start().await;
    receiver.always("/broken", Answer::status(500));
    receiver.then("/shaky", [Answer::status(500), Answer::reset()]);
    let (broken, shaky) = (
        worker.endpoint(&receiver.url("/broken")).await,
        worker.endpoint(&receiver.url("/shaky")).await,
    );
    worker.push(1).await;
    let requests = receiver.wait_for_at("/broken", 10).await;
    let attempts: Vec<_> = requests
        .iter()
        .map(|request| request.header("x-rkt-attempt").unwrap().to_owned())
        .collect();
    assert_eq!(attempts, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    let ids: std::collections::HashSet<_> = requests
        .iter()
        .map(|request| request.header("webhook-id"))
        .collect();
    assert_eq!(ids.len(), 1);
    eventually(LONG, "the endpoint to be disabled", async || {
        let endpoint = worker.get(&broken).await;
        check(
            endpoint.disabled_reason == Some(DisabledReason::ConsecutiveFailures),
            format!("{endpoint:?}"),
        )
    })
    .await;
    receiver.wait_for_at("/shaky", 3).await;
    eventually(LONG, "the success to be recorded", async || {
        let endpoint = worker.get(&shaky).await;
        check(
            endpoint.consecutive_failures == 0 && endpoint.queue.total() == 0,
            format!("{endpoint:?}"),
        )
    })
    .await;
    assert_eq!(
        worker.metric("webhooks_worker_endpoints_disabled_total").await,
        1.0
    );
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_in_flight_and_leaves_no_lease() {
    let redis = RedisServer::start();
    let worker = Running::start(
        &redis,
        &["--delivery-timeout", "2s", "--endpoint-concurrency", "4"],
    )
    .await;
    let receiver = Receiver::start().await;
    receiver.always("/held", Answer::status(200).held());
    receiver.always("/hangs", Answer::hang());
    let held = worker.endpoint(&receiver.url("/held")).await;
    let hangs = worker.endpoint(&receiver.url("/hangs")).await;
    worker.push(20).await;
    receiver
        .wait_until(LONG, "8 open requests".to_owned(), |all| all.len() >= 8)
        .await;
    let store = worker.store.clone();
    let stopping = tokio::spawn(worker.stop());
    receiver.open_gate();
    let took = stopping.await.unwrap();
    assert!(took < BOUND, "{took:?}");
    let connection = &mut connect(&redis);
    assert_eq!(keys(connection, "leases"), Vec::<String>::new());
    let get = async |id| {
        store
            .get_endpoint(&fixture::account(), id)
            .await
            .unwrap()
            .unwrap()
    };
    let (held, hangs) = (get(&held).await, get(&hangs).await);
    assert!(held.last_attempt.unwrap().succeeded && held.queue.total() < 20);
    assert_eq!(hangs.last_attempt.unwrap().error.as_deref(), Some("timeout"));
    assert_eq!(
        hangs.queue.total(),
        20,
        "what failed or was not sent is still there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_stops_at_once() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    worker.wait_ready().await;
    assert!(worker.stop().await < BOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_away_is_waited_out_and_told() {
    let mut redis = RedisServer::start();
    redis.kill9();
    let worker = Running::start(&redis, &[]).await;
    eventually(
        LONG,
        "the worker to say why it is not ready",
        async || match worker.page("/readyz").await {
            Ok((503, text)) => check(text.contains("Redis is not available"), text),
            other => Err(format!("{other:?}")),
        },
    )
    .await;
    assert_eq!(worker.page("/healthz").await.unwrap().0, 200);
    redis.restart();
    worker.wait_ready().await;
    let receiver = Receiver::start().await;
    worker.endpoint(&receiver.url("/")).await;
    worker.push(50).await;
    receiver.wait_for(50).await;

    // Killed with attempts in flight: their reports wait, and are recorded when it is back.
    receiver.always("/", Answer::status(200).held());
    worker.push(20).await;
    receiver
        .wait_until(LONG, "20 held".to_owned(), |all| all.len() == 70)
        .await;
    redis.kill9();
    receiver.open_gate();
    eventually(LONG, "the worker to miss Redis", async || {
        match worker.page("/readyz").await {
            Ok((503, _)) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    redis.restart();
    worker.wait_ready().await;
    assert_nothing_left(&redis).await;
    assert_eq!(receiver.count(), 70, "finished work is reported, not sent again");
    assert!(worker.is_running());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_without_redis_is_bounded_too() {
    let mut redis = RedisServer::start();
    let worker = Running::start(&redis, &["--delivery-timeout", "1s"]).await;
    worker.wait_ready().await;
    redis.kill9();
    assert!(worker.stop().await < BOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_evicts_is_refused() {
    let redis = RedisServer::start_with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
    let worker = Running::start(&redis, &[]).await;
    let error = worker.end().await.unwrap_err().to_string();
    assert!(error.contains("maxmemory-policy"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_does_not_open_is_no_strike_and_others_flow() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    let receiver = Receiver::start().await;
    let other_key = "HxseHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=".parse().unwrap();
    let sealed = fixture::endpoint(&worker.store, &receiver.url("/sealed"), &other_key).await;
    worker.endpoint(&receiver.url("/open")).await;
    worker.push(10).await;
    receiver.wait_for_at("/open", 10).await;
    eventually(LONG, "the deliveries to be given back", async || {
        let given_back = worker
            .metric("webhooks_worker_given_back_total{reason=\"secret\"}")
            .await;
        check(given_back >= 10.0, format!("{given_back}"))
    })
    .await;
    let endpoint = worker.get(&sealed).await;
    assert_eq!(
        (endpoint.consecutive_failures, endpoint.queue.total()),
        (0, 10),
        "{endpoint:?}"
    );
    assert!(receiver.received_at("/sealed").is_empty());
    assert!(worker.stop().await < BOUND, "pauses end with the worker");
    assert_eq!(keys(&mut connect(&redis), "leases"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_sent_is_quarantined_while_others_flow_and_is_served_once_it_can_be() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    let mut receiver = Receiver::start().await;
    let url = receiver.url("/");
    receiver.close().await;
    let endpoint = worker.endpoint(&url).await;
    worker.push(1).await;
    // While it can't be delivered, its type becomes something that no header can hold.
    let connection = &mut connect(&redis);
    let events = keys(connection, "event:*");
    for key in &events {
        let _: () = connection.hset(key, "event", "no\nheader").unwrap();
    }
    eventually(LONG, "the delivery to be quarantined", async || {
        check(!keys(connection, "quarantine").is_empty(), "it is not")
    })
    .await;
    receiver.reopen().await;
    worker.push(5).await;
    receiver.wait_for(5).await;
    let failures = worker.get(&endpoint).await.consecutive_failures;
    assert!(failures < 10, "a crash is no strike: {failures}");

    for key in &events {
        let _: () = connection.hset(key, "event", "lead.captured").unwrap();
    }
    let _: i64 = connection.hincr("wh:{0}:stats", "clockOffset", 60_000).unwrap();
    receiver.wait_for(6).await;
    assert_nothing_left(&redis).await;
    worker.stop().await;
}
