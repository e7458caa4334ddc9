//! Puts records into Redis that nobody can read: the system sets them aside, shows them, and lets others flow. (The worker's own
//! tests have an attempt that panics, since no receiver and no record makes one panic.)
//!
//! Proves (guarantees): an attempt panics
//! Proves (guarantees): something else overwrites the keys of an endpoint, a delivery, an event, an account

use std::time::Duration;

use e2e::account::Account;
use e2e::client::Pushed;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock;
use e2e::state::{connect, key, keys};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;

use crate::scene::builder;
use crate::worker_scene::{PAST_A_LEASE, counter, metric, push, wait_for_leases};

/// A system whose only worker has not started yet, an endpoint at `/hook` for leads and one at `/other` for tickets.
async fn before_the_worker() -> (System, Receiver, String) {
    let system = builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let endpoint = customer
        .create_endpoint(&receiver.url("/hook"), &["lead.captured"])
        .await;
    customer
        .create_endpoint(&receiver.url("/other"), &["ticket.created"])
        .await;
    (system, receiver, endpoint.id)
}

fn delivery(event: &Pushed, endpoint: &str) -> String {
    format!("dlv_{}_{}", &event.id["evt_".len()..], &endpoint["ep_".len()..])
}

/// Entries of a queue that are no deliveries, or not this endpoint's, are listed in `corrupt`; what stands behind them is
/// delivered.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_no_deliveries() {
    let (mut system, receiver, endpoint) = before_the_worker().await;
    let pushed = push(&system, "lead.captured", 10).await;
    let known = delivery(&pushed[0], &endpoint);
    let bad = [
        String::new(),
        "garbage".to_owned(),
        "\u{fffd}\r\n{}".to_owned(),
        known.to_uppercase(),
        known.replace("dlv_", "dlv-"),
        known[..known.len() - 1].to_owned(),
        format!("{known}_short"),
        format!("{known}:99999999999999999999"),
        format!("{known}:1e3"),
        format!("{known}:-1"),
        known.replace(&endpoint["ep_".len()..], "0000000000000000"),
        known.replace(&known[4..30], &"u".repeat(26)),
    ];
    let redis = &mut connect(&system.redis);
    for entry in &bad {
        let _: usize = redis.lpush(key(&format!("pending:{endpoint}")), entry).unwrap();
    }
    // The same in a retry set; the scripts of the API see neither.
    let _: usize = redis
        .zadd(key(&format!("retry:{endpoint}")), "garbage", 1)
        .unwrap();
    let _: usize = redis.zadd(key("timers"), &endpoint, 1).unwrap();
    system.add_worker();
    system.wait_ready().await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert_eq!(balance.delivered, 10);
    assert_eq!(counter(&system.redis, "corrupt"), bad.len() + 1);
    let listed: Vec<String> = redis.lrange(key("corrupt"), 0, -1).unwrap();
    for entry in bad.iter().map(String::as_str).chain(["garbage"]) {
        assert!(listed.contains(&format!("{endpoint} {entry}")), "{entry:?}");
    }
    system.stop();
}

/// Events without a payload or a type end their deliveries as exhausted, with the reason; the rest is delivered.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_can_not_be_read() {
    let (mut system, receiver, endpoint) = before_the_worker().await;
    let pushed = push(&system, "lead.captured", 10).await;
    let redis = &mut connect(&system.redis);
    for (number, field) in ["body", "event"].into_iter().enumerate() {
        let _: usize = redis
            .hdel(key(&format!("event:{}", pushed[number].id)), field)
            .unwrap();
    }
    system.add_worker();
    system.wait_ready().await;
    let broken = pushed[..2].to_vec();
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert_eq!((balance.delivered, balance.exhausted), (8, 2));
    for event in broken {
        let record = key(&format!("delivery:{}", delivery(&event, &endpoint)));
        let (state, reason): (String, String) = redis.hmget(record, &["state", "reason"]).unwrap();
        assert_eq!(
            (state.as_str(), reason.as_str()),
            ("exhausted", "payload_missing")
        );
    }
    system.stop();
}

/// Deliveries of an endpoint whose record lacks what an attempt needs are quarantined, and arrive once it is repaired. Others
/// flow meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_can_not_be_read() {
    let (mut system, receiver, endpoint) = before_the_worker().await;
    let record = key(&format!("endpoint:{endpoint}"));
    let redis = &mut connect(&system.redis);
    let kept: Vec<String> = redis.hmget(&record, &["url", "version", "account"]).unwrap();
    let _: () = redis
        .hset_multiple(&record, &[("version", "x"), ("account", "nobody")])
        .unwrap();
    let _: usize = redis.hdel(&record, "url").unwrap();
    let mut pushed = push(&system, "lead.captured", 5).await;
    // A push names the account, whose routes say where the event goes: the API doesn't read the endpoint's record.
    assert!(pushed.iter().all(|event| event.deliveries == 1));
    pushed.extend(push(&system, "ticket.created", 100).await);
    system.add_worker();
    system.wait_ready().await;
    receiver.wait_for_at("/other", 100).await;
    eventually(LONG, "five quarantined deliveries", async || {
        let count: usize = connect(&system.redis).zcard(key("quarantine")).unwrap();
        check(count == 5, count.to_string())
    })
    .await;
    wait_for_leases(&system.redis, 0).await;
    assert_eq!(receiver.received_at("/hook").len(), 0);
    assert!(metric(&system.workers[0], "webhooks_worker_crashed_total").await >= 15.0);
    assert!(system.workers[0].log().contains("can't be read; it is set aside"));

    let _: () = redis
        .hset_multiple(
            &record,
            &[("url", &kept[0]), ("version", &kept[1]), ("account", &kept[2])],
        )
        .unwrap();
    redis_clock::pass(&system.redis, PAST_A_LEASE).await;
    receiver.wait_for_at("/hook", 5).await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert_eq!(balance.delivered, 105);
    system.stop();
}

/// The record of a delivery that waits for its next attempt is something else, or full of nonsense: the delivery is
/// attempted again all the same.
#[tokio::test(flavor = "multi_thread")]
async fn records_of_deliveries_that_can_not_be_read() {
    let (mut system, receiver, endpoint) = before_the_worker().await;
    receiver.then("/hook", (0..3).map(|_| Answer::status(500)));
    system
        .worker_environment
        .push(("RETRY_SCHEDULE".to_owned(), "30s,30s".to_owned()));
    let mut pushed = push(&system, "lead.captured", 3).await;
    system.add_worker();
    system.wait_ready().await;
    eventually(LONG, "three retries", async || {
        let retries: usize = connect(&system.redis)
            .zcard(key(&format!("retry:{endpoint}")))
            .unwrap();
        check(retries == 3, retries.to_string())
    })
    .await;
    let redis = &mut connect(&system.redis);
    let records = keys(redis, "delivery:*");
    let _: () = redis.set(&records[0], "not a hash").unwrap();
    let _: usize = redis.hset(&records[1], "attempts", "nan").unwrap();
    let _: usize = redis.hset(&records[2], "lostLeases", "many").unwrap();
    pushed.extend(push(&system, "ticket.created", 10).await);
    receiver.wait_for_at("/other", 10).await;
    wait_for_leases(&system.redis, 0).await;
    redis_clock::pass(&system.redis, Duration::from_secs(40)).await;
    // The check names it until somebody has seen it.
    let away = records[0].replace(&key(""), &key("corrupt:"));
    eventually(LONG, "what was no hash to be moved away", async || {
        let deleted: usize = connect(&system.redis).del(&away).unwrap();
        check(deleted == 1, away.clone())
    })
    .await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        // The records held the numbers of attempts, so two of the deliveries begin anew.
        .duplicates_at_most(2)
        .balance()
        .await;
    assert_eq!(balance.delivered, 13);
    let listed: Vec<String> = redis.lrange(key("corrupt"), 0, -1).unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    system.stop();
}

/// Something else overwrites the keys of an endpoint, one after the other and with each type, while events flow: each is moved
/// away, its endpoint's calls are answered, and others get everything.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_something_else_overwrites() {
    let mut system = builder().start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    customer
        .create_endpoint(&receiver.url("/other"), &["ticket.created"])
        .await;
    let something: [(&str, &[&str]); 4] = [
        ("string", &["SET", "?", "x"]),
        ("list", &["RPUSH", "?", "x"]),
        ("hash", &["HSET", "?", "x", "y"]),
        ("zset", &["ZADD", "?", "1", "x"]),
    ];
    let mut tickets = 0;
    for (kind, right) in [
        ("retry", "zset"),
        ("log", "stream"),
        ("pending", "list"),
        ("failed", "zset"),
        ("endpoint", "hash"),
    ] {
        for (wrong, words) in something.iter().filter(|(wrong, _)| *wrong != right) {
            let victim = customer
                .create_endpoint(&receiver.url("/hook"), &["lead.captured"])
                .await
                .id;
            push(&system, "lead.captured", 3).await;
            let name = format!("{kind}:{victim}");
            let mut both = redis::pipe();
            both.atomic().del(key(&name)).ignore();
            let command = both.cmd(words[0]);
            for word in &words[1..] {
                command.arg(if *word == "?" {
                    key(&name)
                } else {
                    (*word).to_owned()
                });
            }
            let _: () = both.ignore().query(&mut connect(&system.redis)).unwrap();
            push(&system, "lead.captured", 3).await;
            tickets += push(&system, "ticket.created", 3).await.len();
            receiver.wait_for_at("/other", tickets).await;
            eventually(LONG, "the key to be moved away", async || {
                for path in ["", "?status=exhausted"] {
                    let path = format!("/api/webhooks-config/{victim}/deliveries{path}");
                    let status = customer.get(&path).await.status;
                    assert!(matches!(status, 200 | 404), "{path}: {status}");
                }
                let listed = customer.get("/api/webhooks-config").await;
                assert_eq!(listed.status, 200, "{}", listed.text);
                let moved: bool = connect(&system.redis)
                    .exists(key(&format!("corrupt:{name}")))
                    .unwrap();
                check(moved, format!("{name} is a {wrong}"))
            })
            .await;
            let gone = kind == "endpoint";
            let removed = customer
                .delete(&format!("/api/webhooks-config?id={victim}"))
                .await;
            assert_eq!(removed.status, if gone { 404 } else { 204 }, "{}", removed.text);
        }
    }
    // Nothing is left of them but the record of what happened.
    let redis = &mut connect(&system.redis);
    eventually(LONG, "what waited to be canceled", async || {
        let left = [keys(redis, "pending:*"), keys(redis, "sweep:*")].concat();
        check(left.is_empty(), format!("{left:?}"))
    })
    .await;
    for process in system.workers.iter_mut().chain([&mut system.api]) {
        assert!(process.is_running(), "{}", process.log());
    }
    system.stop();
}
