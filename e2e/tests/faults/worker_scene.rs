//! Helpers of the tests that kill workers or let receivers misbehave.

use e2e::client::Pushed;
use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::{Value, json};

/// Longer than a lease lasts: 20 s with the default `DELIVERY_TIMEOUT` and with shorter ones.
pub(crate) const PAST_A_LEASE: std::time::Duration = std::time::Duration::from_secs(21);

/// The body of an event of the system's account.
pub(crate) fn event(system: &System, event: &str, number: usize) -> Value {
    json!({"accountId": system.account(), "event": event, "chatbotId": "bot_1", "data": {"number": number}})
}

/// Pushes this many events of one type.
pub(crate) async fn push(system: &System, kind: &str, count: usize) -> Vec<Pushed> {
    let events: Vec<_> = (0..count).map(|number| event(system, kind, number)).collect();
    system.backend().push_batch(&events).await
}

/// How many deliveries are leased now.
pub(crate) fn leases(redis: &RedisServer) -> usize {
    connect(redis).zcard(key("leases")).unwrap()
}

/// Waits until this many deliveries are leased.
pub(crate) async fn wait_for_leases(redis: &RedisServer, count: usize) {
    eventually(LONG, "leases", async || {
        let found = leases(redis);
        check(found == count, format!("{found} of {count}"))
    })
    .await;
}

/// A counter in `stats`.
pub(crate) fn counter(redis: &RedisServer, name: &str) -> usize {
    let count: Option<usize> = connect(redis).hget(key("stats"), name).unwrap();
    count.unwrap_or(0)
}

/// The value of a worker's metric; 0 if it doesn't exist yet.
pub(crate) async fn metric(worker: &Process, name: &str) -> f64 {
    let url = format!("http://{}/metrics", worker.variable("WORKER_LISTEN").unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = client.get(url).send().await.unwrap().text().await.unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
        .unwrap_or(0.0)
}

/// Waits until one of a worker's metrics has reached a value.
pub(crate) async fn wait_for_metric(worker: &Process, name: &str, value: f64) {
    eventually(LONG, name, async || {
        let now = metric(worker, name).await;
        check(now >= value, format!("{now} of {value}"))
    })
    .await;
}

/// Starts a worker again that was killed, and waits until it is ready.
pub(crate) async fn respawn(worker: &mut Process) {
    worker.restart();
    let url = format!("http://{}/readyz", worker.variable("WORKER_LISTEN").unwrap());
    worker.wait_ready(&url).await;
}
