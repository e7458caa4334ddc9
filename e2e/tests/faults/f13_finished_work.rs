//! Fills Redis with finished work: it makes room, so that only unfinished work can fill the store.
//!
//! Proves (guarantees): Redis is full of finished work
//! Proves (guarantees): payloads are kept as long as the workers say now, whatever they said when the event came

use std::time::{Duration, Instant};

use e2e::account::Account;
use e2e::client::{Caller, Pushed};
use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock;
use e2e::state::{assert_nothing_left, key, keys};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;

use crate::f13_memory_full::{fill, large, limit_memory};
use crate::scene::{Scene, ask, builder, store};

/// The longest that a push may be refused while upkeep makes room.
const A_MOMENT: Duration = Duration::from_secs(10);

/// Pushes large events, each with a key; a refusal passes within a moment.
async fn push(backend: &Caller, account: &str, count: usize) -> Vec<Pushed> {
    let mut accepted = Vec::new();
    for number in 0..count {
        let began = Instant::now();
        let reply = loop {
            let request = backend.request(Method::POST, "/api/events");
            let request = request.header("Idempotency-Key", format!("{account}-{number}-of-{count}"));
            let reply = Caller::send(request.json(&large(account, number))).await;
            if reply.status == 202 {
                break reply;
            }
            assert_eq!(reply.status, 503, "{}", reply.text);
            let waited = began.elapsed();
            assert!(waited < A_MOMENT, "event {number} was refused for {waited:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        accepted.push(Pushed {
            id: reply.body["id"].as_str().unwrap().to_owned(),
            deliveries: reply.body["deliveries"].as_u64().unwrap(),
        });
    }
    accepted
}

/// How many of these events still have their payload, and which is the first.
fn kept(system: &System, events: &[Pushed]) -> (usize, Option<usize>) {
    let has_payload = |event: &Pushed| {
        let event = key(&format!("event:{}", event.id));
        ask::<usize>(&system.redis, &["HSTRLEN", &event, "body"]) > 0
    };
    let kept: Vec<_> = events.iter().map(has_payload).collect();
    (
        kept.iter().filter(|kept| **kept).count(),
        kept.iter().position(|kept| *kept),
    )
}

/// A counter of the first worker.
async fn counter(system: &System, name: &str) -> u64 {
    let address = system.workers[0].variable("WORKER_LISTEN").unwrap();
    let page = Caller::new(&format!("http://{address}"), None)
        .get("/metrics")
        .await;
    let value = page.text.lines().find_map(|line| line.strip_prefix(name));
    value
        .unwrap_or_else(|| panic!("no {name}"))
        .trim()
        .parse()
        .unwrap()
}

/// Workers deliver three times as much as the store holds, and the API goes on accepting without help.
#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_of_the_account_with_the_most_goes_first_and_what_was_exhausted_last() {
    let builder = builder().env("RETRY_SCHEDULE", "").env("DISABLE_AFTER", "1000");
    let (mut system, receiver) = (builder.start().await, Receiver::start().await);
    receiver.always("/org_down", Answer::status(500));
    let mut endpoints = Vec::new();
    for organisation in ["org_much", "org_little", "org_down"] {
        let url = receiver.url(&format!("/{organisation}"));
        let customer = system.customer_of(organisation);
        endpoints.push(customer.create_endpoint(&url, &["*"]).await);
    }
    let backend = system.backend();
    let down = push(&backend, "org:org_down", 10).await;
    let little = push(&backend, "org:org_little", 10).await;
    receiver.wait_for(20).await;
    let used: String = ask(&system.redis, &["INFO", "memory"]);
    let used = used.lines().find_map(|line| line.strip_prefix("used_memory:"));
    let limit = used.unwrap().trim().parse::<u64>().unwrap() + (12 << 20);
    ask::<()>(&system.redis, &["CONFIG", "SET", "maxmemory", &limit.to_string()]);

    let much = push(&backend, "org:org_much", 700).await;
    receiver.wait_for(720).await;
    assert_nothing_left(&system.redis).await;
    // Upkeep may still be letting go of some.
    let early = "webhooks_worker_payloads_released_total{reason=\"pressure\"}";
    let (count, first) = eventually(LONG, "upkeep to have made room", async || {
        let (count, first) = kept(&system, &much);
        let released = counter(&system, early).await;
        if released == 700 - count as u64 {
            Ok((count, first))
        } else {
            Err(format!("{count} are kept, {released} have gone"))
        }
    })
    .await;
    assert!((20..200).contains(&count), "{count} are kept");
    // By when they finished: of those that were in flight together the younger may have been first.
    let in_front = (700 - count).abs_diff(first.unwrap());
    assert!(
        in_front <= 32,
        "the oldest have gone, but {in_front} younger ones too"
    );
    // On a slow machine they were packed meanwhile: that is none that has gone.
    for (organisation, endpoint, events) in [("org_little", 1, &little), ("org_down", 2, &down)] {
        let customer = system.customer_of(organisation);
        let endpoint = &endpoints[endpoint].id;
        for event in events {
            let delivery = format!("dlv_{}_{}", &event.id[4..], &endpoint[3..]);
            let path = format!("/api/webhooks-config/{endpoint}/deliveries/{delivery}");
            let seen = customer.get(&path).await.expect(200).body;
            assert!(!seen["payload"].is_null(), "{organisation}: {seen}");
        }
    }

    // Its owner learns why; of the youngest, since lines of the log that were packed may have gone with their block.
    let gone = &much[first.unwrap() - 1];
    let delivery = format!("dlv_{}_{}", &gone.id[4..], &endpoints[0].id[3..]);
    let path = format!("/api/webhooks-config/{}/deliveries/{delivery}", endpoints[0].id);
    let customer = system.customer_of("org_much");
    let seen = customer.get(&path).await.expect(200).body;
    assert_eq!(
        (&seen["status"], &seen["payload"]),
        (&json!("succeeded"), &json!(null))
    );
    let refused = customer.post(&format!("{path}/replay"), &json!({})).await;
    assert_eq!(
        (refused.status, refused.code()),
        (410, "payload_expired"),
        "{}",
        refused.text
    );

    // Next to nothing may be kept: payloads of exhausted events go as well, while their deliveries stay visible.
    ask::<()>(&system.redis, &["CONFIG", "SET", "maxmemory", "1mb"]);
    eventually(LONG, "all payloads to go", async || {
        let left = [&much, &little, &down].map(|events| kept(&system, events).0);
        check(left == [0, 0, 0], format!("{left:?}"))
    })
    .await;
    ask::<()>(&system.redis, &["CONFIG", "SET", "maxmemory", "0"]);
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(down.into_iter().chain(little).chain(much))
        .balance()
        .await;
    assert_eq!((balance.delivered, balance.exhausted), (710, 10));
    system.stop();
}

/// Receivers that hang let unfinished work fill the store. Once it is delivered, events are accepted again, though all payloads
/// would be kept for a day.
#[tokio::test(flavor = "multi_thread")]
async fn only_unfinished_work_fills_the_store() {
    let mut scene = Scene::start(builder()).await;
    let (backend, account) = (scene.system.backend(), scene.system.account());
    for path in ["/one", "/two"] {
        scene.receiver.always(path, Answer::status(200).held());
    }
    limit_memory(&scene, 8 << 20);
    let (mut accepted, refusal) = fill(&backend, account).await;
    assert_eq!(refusal.code(), "store_full", "{}", refusal.text);
    scene.receiver.open_gate();
    scene.receiver.wait_for(2 * accepted.len()).await;
    accepted.extend(push(&backend, account, 100).await);
    scene.assert_all_run();
    scene.every_event_delivered(accepted).await;
}

/// What was stored under a longer retention goes by the one that workers have now, also where `INFO` isn't allowed.
#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_retention_reaches_what_is_stored() {
    let mut scene = Scene::start(builder()).await;
    let (backend, account) = (scene.system.backend(), scene.system.account());
    let mut accepted = Vec::new();
    for number in 0..200 {
        accepted.push(
            backend
                .push(account, "lead.captured", json!({"number": number}))
                .await,
        );
    }
    scene.receiver.wait_for(400).await;
    assert_nothing_left(&scene.system.redis).await;
    // The shortest retention is a minute.
    redis_clock::pass(&scene.system.redis, Duration::from_secs(120)).await;
    assert_eq!(kept(&scene.system, &accepted).0, 200);
    let worker = &mut scene.system.workers[0];
    worker.set("RETENTION_SUCCEEDED", "1s");
    worker.restart();
    scene.system.wait_ready().await;
    let all_gone = async |system: &System| {
        eventually(LONG, "all payloads to go", async || {
            let left = keys(&mut e2e::state::connect(&system.redis), "event:*").len();
            check(left == 0, format!("{left} are left"))
        })
        .await;
    };
    all_gone(&scene.system).await;
    let aged = "webhooks_worker_payloads_released_total{reason=\"age\"}";
    eventually(LONG, "the worker to count them", async || {
        let count = counter(&scene.system, aged).await;
        check(count == 200, format!("{count}"))
    })
    .await;

    ask::<()>(&scene.system.redis, &["ACL", "SETUSER", "default", "-info"]);
    accepted.push(backend.push(account, "lead.captured", json!({})).await);
    scene.receiver.wait_for(402).await;
    assert_nothing_left(&scene.system.redis).await;
    redis_clock::pass(&scene.system.redis, Duration::from_secs(120)).await;
    all_gone(&scene.system).await;
    ask::<()>(&scene.system.redis, &["ACL", "SETUSER", "default", "+info"]);
    let log = scene.system.workers[0].log();
    assert!(log.contains("doesn't tell how much memory it uses"), "{log}");
    assert!(
        store(&scene.system.redis)
            .check()
            .await
            .unwrap()
            .violations
            .is_empty()
    );
    scene.every_event_delivered(accepted).await;
}

/// A budget works without `maxmemory`.
#[tokio::test(flavor = "multi_thread")]
async fn finished_payloads_go_when_a_budget_is_used_up() {
    let mut scene = Scene::start(builder().env("STORE_BUDGET_BYTES", "1MiB")).await;
    let (backend, account) = (scene.system.backend(), scene.system.account());
    let accepted = push(&backend, account, 40).await;
    scene.receiver.wait_for(80).await;
    eventually(LONG, "all payloads to go", async || {
        let (count, _) = kept(&scene.system, &accepted);
        check(count == 0, format!("{count} are kept"))
    })
    .await;
    scene.assert_all_run();
    scene.every_event_delivered(accepted).await;
}
