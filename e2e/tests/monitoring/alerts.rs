//! Each alert's condition is provoked on a real system, and the real Prometheus sees its expression fire. So that this takes seconds, spans
//! of time are shortened, and some thresholds lowered, which each scene names; the `for` of a rule is left to `promtool test rules`
//! (`packaging alerts`).
//!
//! Five are provoked elsewhere, since they need more than a system, or more time than a test has:
//! - `WebhooksEgressDown`: a network of its own. `faults f26_our_own_network` tears it; what `/readyz` says and the metric is one value.
//! - `WebhooksFailedOver`, `WebhooksFailoverLostWrites`: sentinels. All tests of `failover` demand that these counters tell what happened.
//! - `WebhooksClockSkewed`: a machine whose clock is wrong. `faults f19_clocks_step` sets it, and demands that the metric tells it.
//! - `WebhooksPackingBehind`: what finished a quarter of an hour ago, by a clock that no test can move, is still not packed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::time::Duration;

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::{Program, RedisServer, shipped_users};
use e2e::state::{connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use e2e::workspace::root;
use redis::Commands as _;
use regex::Regex;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::prometheus::Prometheus;

/// What the scenes below provoke. A test compares the rules with this list, and with what they name.
const ELSEWHERE: [&str; 5] = [
    "WebhooksEgressDown",
    "WebhooksFailedOver",
    "WebhooksFailoverLostWrites",
    "WebhooksClockSkewed",
    "WebhooksPackingBehind",
];

/// The expression of each alert.
fn rules() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("ops/prometheus/alerts.yml")).unwrap();
    let rule = Regex::new(r"- alert: (\w+)\n +expr: '((?:[^']|'')*)'\n").unwrap();
    rule.captures_iter(&text)
        .map(|found| (found[1].to_owned(), found[2].replace("''", "'")))
        .collect()
}

/// An alert's expression with spans of `span`, and with each of these texts in place of the other.
fn shortened(alert: &str, span: &str, changes: &[(&str, &str)]) -> String {
    let expression = &rules()[alert];
    let spans = Regex::new(r"\[\d+[mh]\]").unwrap();
    let mut expression = spans.replace_all(expression, format!("[{span}]")).into_owned();
    for (text, other) in changes {
        assert!(expression.contains(text), "{alert} has no {text}: {expression}");
        expression = expression.replace(text, other);
    }
    expression
}

/// Alerts of a scene: none fires at first, and all do in the end.
struct Watched {
    prometheus: Prometheus,
    alerts: Vec<(&'static str, String)>,
}

impl Watched {
    /// Watches alerts, each with what is changed in it, none of which fires.
    async fn start(system: &System, span: &str, alerts: &[(&'static str, &[(&str, &str)])]) -> Self {
        let prometheus = Prometheus::of(system).await;
        let alerts: Vec<_> = alerts
            .iter()
            .map(|(alert, changes)| (*alert, shortened(alert, span, changes)))
            .collect();
        for (alert, expression) in &alerts {
            assert_eq!(prometheus.ask(expression).await, Ok(Vec::new()), "{alert}");
        }
        Self { prometheus, alerts }
    }

    async fn fires(&self, alert: &str) {
        let (_, expression) = self.alerts.iter().find(|(known, _)| *known == alert).unwrap();
        eprintln!("waits for {alert}: {expression}");
        self.prometheus.wait_for(expression).await;
    }

    async fn all_fire(&self) {
        for (alert, _) in &self.alerts {
            self.fires(alert).await;
        }
    }
}

fn event(system: &System, kind: &str) -> Value {
    json!({"accountId": system.account(), "event": kind, "chatbotId": "bot_1", "data": {}})
}

async fn push(system: &System, kind: &str, count: usize) {
    let events = vec![event(system, kind); count];
    system.backend().push_batch(&events).await;
}

/// Pushes again and again, whatever the answer is, until it is aborted.
fn pushes(system: &System) -> JoinHandle<()> {
    let (backend, event) = (system.backend(), event(system, "session.created"));
    tokio::spawn(async move {
        loop {
            let request = backend.request(reqwest::Method::POST, "/api/events");
            Caller::try_send(request.json(&event)).await.ok();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
}

#[test]
fn each_alert_is_provoked_here_or_elsewhere() {
    let here = include_str!("alerts.rs");
    let provoked = Regex::new(r#"\(\s*"(Webhooks\w+)","#).unwrap();
    let mut named: BTreeSet<_> = provoked
        .captures_iter(here)
        .map(|found| found[1].to_owned())
        .collect();
    named.extend(ELSEWHERE.map(str::to_owned));
    let rules: BTreeSet<_> = rules().into_keys().collect();
    assert_eq!(named, rules);
}

/// Redis hangs, then is gone.
#[tokio::test(flavor = "multi_thread")]
async fn redis_hangs_and_goes() {
    let (mut system, _receiver, _hook) = System::start_with_hook().await;
    let load = pushes(&system);
    let watched = Watched::start(
        &system,
        "30s",
        &[
            ("WebhooksApiFails", &[]),
            ("WebhooksApiSlow", &[]),
            ("WebhooksRedisSlow", &[]),
            ("WebhooksRedisFails", &[]),
        ],
    )
    .await;
    system.redis.stop_signal();
    for alert in ["WebhooksApiFails", "WebhooksApiSlow", "WebhooksRedisSlow"] {
        watched.fires(alert).await;
    }
    system.redis.kill9();
    watched.fires("WebhooksRedisFails").await;
    load.abort();
}

/// Programs start again and again, and then no more.
#[tokio::test(flavor = "multi_thread")]
async fn programs_go() {
    let mut system = System::start().await;
    let watched = Watched::start(
        &system,
        "1m",
        &[
            ("WebhooksProgramRestarts", &[]),
            ("WebhooksWorkerDown", &[]),
            ("WebhooksNoWorker", &[]),
            ("WebhooksApiDown", &[]),
        ],
    )
    .await;
    for start in 1..=4 {
        system.workers[0].restart();
        system.wait_ready().await;
        let seen = format!("changes(process_start_time_seconds{{job=\"webhooks-worker\"}}[5m]) == {start}");
        watched.prometheus.wait_for(&seen).await;
    }
    watched.fires("WebhooksProgramRestarts").await;
    system.workers[0].kill9();
    watched.fires("WebhooksWorkerDown").await;
    watched.fires("WebhooksNoWorker").await;
    system.api.kill9();
    watched.fires("WebhooksApiDown").await;
}

/// Receivers hang, so all slots are taken, and what comes waits.
#[tokio::test(flavor = "multi_thread")]
async fn slots_are_taken_and_deliveries_wait() {
    let system = System::builder()
        .env("WORKER_CONCURRENCY", "4")
        .env("DELIVERY_TIMEOUT", "2m")
        .start()
        .await;
    let (customer, receiver) = (system.customer(), Receiver::start().await);
    receiver.close_gate();
    // More than slots, so that the call that fills them leaves some.
    for number in 0..8 {
        let path = format!("/{number}");
        receiver.always(&path, Answer::status(200).held());
        customer
            .create_endpoint(&receiver.url(&path), &["lead.captured"])
            .await;
    }
    customer
        .create_endpoint(&receiver.url("/other"), &["ticket.created"])
        .await;
    let watched = Watched::start(
        &system,
        "15s",
        &[
            ("WebhooksWorkersFull", &[]),
            ("WebhooksDeliveriesLate", &[("120", "2")]),
            ("WebhooksOldestWaits", &[("900", "2")]),
            ("WebhooksBacklogGrows", &[("10000", "5"), ("30m", "12s")]),
        ],
    )
    .await;
    push(&system, "lead.captured", 1).await;
    receiver.wait_for(4).await;
    push(&system, "ticket.created", 4).await;
    for alert in [
        "WebhooksWorkersFull",
        "WebhooksDeliveriesLate",
        "WebhooksOldestWaits",
    ] {
        watched.fires(alert).await;
    }
    push(&system, "ticket.created", 40).await;
    watched.fires("WebhooksBacklogGrows").await;
    receiver.open_gate();
}

/// Receivers fail: deliveries are given up, endpoints disabled, and the operator's own receiver takes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn receivers_fail() {
    let receiver = Receiver::start().await;
    let system = System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1000")
        .worker_env("OPERATOR_EVENTS_URL", receiver.url("/operator"))
        .worker_env("OPERATOR_EVENTS_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .start()
        .await;
    for (path, status) in [("/gone", 410), ("/failing", 500), ("/operator", 500)] {
        receiver.always(path, Answer::status(status));
    }
    let customer = system.customer();
    for _ in 0..12 {
        customer
            .create_endpoint(&receiver.url("/gone"), &["ticket.created"])
            .await;
    }
    customer
        .create_endpoint(&receiver.url("/failing"), &["lead.captured"])
        .await;
    let watched = Watched::start(
        &system,
        "30s",
        &[
            ("WebhooksMostAttemptsFail", &[]),
            ("WebhooksDeliveriesExhausted", &[]),
            ("WebhooksManyEndpointsDisabled", &[]),
            ("WebhooksOperatorEventsWait", &[("100", "5")]),
        ],
    )
    .await;
    push(&system, "lead.captured", 100).await;
    push(&system, "lead.captured", 100).await;
    push(&system, "ticket.created", 1).await;
    watched.all_fire().await;
}

/// A worker's proxy is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_unfit() {
    let (system, _receiver, _hook) = System::builder()
        .worker_env("EGRESS_PROXY", format!("http://127.0.0.1:{}", free_port()))
        .start_with_hook()
        .await;
    let watched = Watched::start(&system, "15s", &[("WebhooksWorkerUnfit", &[])]).await;
    push(&system, "lead.captured", 1).await;
    watched.all_fire().await;
}

/// Many leases expire, since the worker that had them was killed.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_dies_with_many_leases() {
    let mut system = System::builder()
        .workers(2)
        .env("DELIVERY_TIMEOUT", "10s")
        .env("ENDPOINT_CONCURRENCY", "200")
        .env("DESTINATION_CONCURRENCY", "400")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let hook = system
        .customer()
        .create_endpoint(&receiver.url("/hook"), &["*"])
        .await;
    system.end_slow_start(&hook.id);
    receiver.close_gate();
    receiver.always("/hook", Answer::status(200).held());
    let watched = Watched::start(&system, "1m", &[("WebhooksWorkersDie", &[])]).await;
    push(&system, "lead.captured", 100).await;
    push(&system, "lead.captured", 100).await;
    receiver.wait_for(150).await;
    // Both have some; one more takes back what the others had.
    let dead = system.workers.drain(..).map(|mut worker| {
        worker.kill9();
        worker.variable("WORKER_LISTEN").unwrap().to_owned()
    });
    let mut dead: Vec<_> = dead.collect();
    let worker = system.add_worker();
    worker.set("WORKER_LISTEN", &dead.remove(0));
    worker.restart();
    system.wait_ready().await;
    let reaped_at = || -> Option<u64> { connect(&system.redis).hget(key("stats"), "reapedAt").unwrap() };
    for _ in 0..6 {
        let before = reaped_at();
        e2e::redis_clock::jump(&system.redis, 5_000);
        eventually(LONG, "upkeep", async || {
            check(reaped_at() > before, format!("{before:?}"))
        })
        .await;
    }
    watched.all_fire().await;
    receiver.open_gate();
}

/// The memory that Redis may use is nearly full.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_short() {
    let (system, receiver, _hook) = System::start_with_hook().await;
    let redis = &mut connect(&system.redis);
    let limit = |redis: &mut redis::Connection, percent: u64| {
        let info: String = redis::cmd("INFO").arg("memory").query(redis).unwrap();
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        let most = used.unwrap().trim().parse::<u64>().unwrap() * 100 / percent;
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("maxmemory").arg(most).exec(redis).unwrap();
    };
    limit(redis, 30);
    for _ in 0..3 {
        push(&system, "lead.captured", 100).await;
    }
    receiver.wait_for(300).await;
    let watched = Watched::start(
        &system,
        "30s",
        &[("WebhooksMemoryNearlyFull", &[]), ("WebhooksMemoryShort", &[])],
    )
    .await;
    limit(redis, 96);
    watched.all_fire().await;
}

/// Clients take nearly all connections and files of an API.
#[tokio::test(flavor = "multi_thread")]
async fn connections_and_files_are_taken() {
    let system = System::builder().env("MAX_CONNECTIONS", "64").start().await;
    let watched = Watched::start(
        &system,
        "15s",
        &[("WebhooksConnectionsShort", &[]), ("WebhooksFilesShort", &[])],
    )
    .await;
    let open = watched
        .prometheus
        .wait_for("process_open_fds{job=\"webhooks-api\"}")
        .await;
    let open: u64 = open[0]["value"][1].as_str().unwrap().parse().unwrap();
    let most = Some(open + 70);
    let limit = Rlimit {
        current: most,
        maximum: most,
    };
    let process = Pid::from_raw(i32::try_from(system.api.id()).unwrap());
    prlimit(process, Resource::Nofile, limit).unwrap();
    let address = system.api.variable("API_LISTEN").unwrap().to_owned();
    let guests: Vec<_> = (0..64).map(|_| TcpStream::connect(&address).unwrap()).collect();
    watched.all_fire().await;
    drop(guests);
}

/// The access list is one of before, which doesn't let workers look.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_may_look_at_the_store() {
    let shipped = shipped_users();
    let users = shipped.replacen("+zcount +zincrby", "+zincrby", 1);
    assert_ne!(users, shipped);
    let server = RedisServer::start_guarded_with(&Program::usual(), &[], users);
    let system = System::builder().on_guarded(server).start().await;
    let prometheus = Prometheus::of(&system).await;
    prometheus
        .wait_for("webhooks_worker_redis_errors_total{call=\"observer\"} > 0")
        .await;
    let alerts: [(&str, &[(&str, &str)]); 1] = [("WebhooksStoreUnseen", &[])];
    for (alert, changes) in alerts {
        prometheus.wait_for(&shortened(alert, "15s", changes)).await;
    }
}

mod long {
    use super::*;

    /// Somebody writes into the store, and an older copy of it is put in place.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_store_is_written_by_others() {
        let (system, receiver, hook) = System::start_with_hook().await;
        push(&system, "lead.captured", 20).await;
        receiver.wait_for(20).await;
        let redis = &mut connect(&system.redis);
        let watched = Watched::start(
            &system,
            "30s",
            &[
                ("WebhooksStoreCorrupt", &[]),
                ("WebhooksAttemptsCrash", &[]),
                ("WebhooksDeliveriesQuarantined", &[]),
                ("WebhooksStoreSetBack", &[]),
            ],
        )
        .await;
        // The counter has to be seen before it rises.
        watched
            .prometheus
            .wait_for("webhooks_store_corrupt_total == 0")
            .await;
        let retry = key(&format!("retry:{}", hook.id));
        let _: usize = redis.zadd(retry, "garbage", 1).unwrap();
        let _: usize = redis.zadd(key("timers"), &hook.id, 1).unwrap();
        push(&system, "lead.captured", 1).await;
        watched.fires("WebhooksStoreCorrupt").await;

        let record = key(&format!("endpoint:{}", hook.id));
        let _: usize = redis.hdel(&record, "url").unwrap();
        let _: usize = redis.hset(&record, "version", "x").unwrap();
        push(&system, "lead.captured", 3).await;
        watched.fires("WebhooksAttemptsCrash").await;
        watched.fires("WebhooksDeliveriesQuarantined").await;

        let _: usize = redis.hset("wh:meta", "writes", 0).unwrap();
        watched.fires("WebhooksStoreSetBack").await;
    }
}
