//! The summary of an account.

use domain::clock::Timestamp;
use e2e::client::Caller;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock::jump;
use e2e::state::{Calls, assert_nothing_left, connect};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api, assert_refused};

const SUMMARY: &str = "/api/webhooks-summary";

const HOUR_MS: u64 = 60 * 60 * 1000;

async fn summary(caller: &Caller) -> Value {
    caller.get(SUMMARY).await.expect(200).body
}

/// The sum of one kind of outcome over all hours.
fn total(summary: &Value, outcome: &str) -> u64 {
    let hours = summary["hours"].as_array().unwrap();
    hours.iter().map(|hour| hour[outcome].as_u64().unwrap()).sum()
}

#[track_caller]
fn assert_totals(summary: &Value, expected: [u64; 4]) {
    let outcomes = ["succeeded", "failedAttempts", "exhausted", "canceled"];
    assert_eq!(
        outcomes.map(|outcome| total(summary, outcome)),
        expected,
        "{summary}"
    );
}

async fn push(system: &System, account: &str, event: &str) {
    push_data(system, account, event, json!({})).await;
}

async fn push_data(system: &System, account: &str, event: &str, data: Value) {
    system.backend().push(account, event, data).await;
}

#[tokio::test]
async fn an_account_with_nothing_has_a_day_of_nothing() {
    let mut system = api().await;
    let before = Timestamp::now().as_millis();
    let empty = summary(&system.customer()).await;
    let after = Timestamp::now().as_millis();
    assert_eq!(
        empty["endpoints"],
        json!({"active": 0, "disabled": 0, "off": 0, "paused": 0, "operatorHolds": 0})
    );
    assert_eq!(
        (
            &empty["attention"],
            &empty["unfinishedBytes"],
            &empty["budgetBytes"]
        ),
        (&json!([]), &json!(0), &json!(1_u64 << 30))
    );
    let hours = empty["hours"].as_array().unwrap();
    let starts: Vec<_> = hours
        .iter()
        .map(|hour| {
            hour["start"]
                .as_str()
                .unwrap()
                .parse::<Timestamp>()
                .unwrap()
                .as_millis()
        })
        .collect();
    assert_eq!(starts.len(), 24);
    assert!(
        starts.windows(2).all(|pair| pair[1] == pair[0] + HOUR_MS),
        "{starts:?}"
    );
    let last = starts[23];
    assert!(
        last.is_multiple_of(HOUR_MS) && last <= after && before < last + HOUR_MS,
        "{starts:?}"
    );
    assert_totals(&empty, [0; 4]);

    let nobody = Caller::new(&system.api_url(), None).get(SUMMARY).await;
    assert_refused(&Method::GET, SUMMARY, &nobody, 401, "missing_token", "");
    let backend = system.backend().get(SUMMARY).await;
    assert_refused(&Method::GET, SUMMARY, &backend, 403, "wrong_token_kind", "");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_counted_for_their_own_account_and_a_day() {
    let system = System::builder()
        .env("RETRY_SCHEDULE", "20ms")
        .env("DISABLE_AFTER", "1000")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let (customer, other) = (system.customer(), system.customer_of("org_2other"));
    customer
        .create_endpoint(&receiver.url("/good"), &["lead.captured"])
        .await;
    customer
        .create_endpoint(&receiver.url("/bad"), &["ticket.created"])
        .await;
    other.create_endpoint(&receiver.url("/good"), &["*"]).await;
    receiver.always("/bad", Answer::status(500));
    for event in ["lead.captured", "lead.captured", "ticket.created"] {
        push(&system, system.account(), event).await;
    }
    assert_nothing_left(&system.redis).await;
    let mine = summary(&customer).await;
    assert_eq!(
        mine["endpoints"],
        json!({"active": 2, "disabled": 0, "off": 0, "paused": 0, "operatorHolds": 0})
    );
    // Two attempts of one delivery failed.
    assert_totals(&mine, [2, 2, 1, 0]);
    assert_eq!(mine["unfinishedBytes"], 0);
    push(&system, "org:org_2other", "lead.captured").await;
    assert_nothing_left(&system.redis).await;
    assert_totals(&summary(&other).await, [1, 0, 0, 0]);
    assert_totals(&summary(&customer).await, [2, 2, 1, 0]);

    // An hour later they are an hour further back, and after a day they are gone.
    let shown = |summary: &Value| {
        summary["hours"]
            .as_array()
            .unwrap()
            .iter()
            .rposition(|hour| hour["succeeded"].as_u64() > Some(0))
    };
    let place = shown(&summary(&customer).await).unwrap();
    jump(&system.redis, i64::try_from(HOUR_MS).unwrap());
    let later = shown(&summary(&customer).await).unwrap();
    assert!(later == place - 1 || later == place - 2, "{place} {later}");
    jump(&system.redis, 24 * i64::try_from(HOUR_MS).unwrap());
    assert_totals(&summary(&customer).await, [0; 4]);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_attention_is_listed_most_urgent_first() {
    let mut system = System::builder()
        .env("RETRY_SCHEDULE", "1h")
        .env("DISABLE_AFTER", "4")
        .env("DISABLE_MIN_SPAN", "0s")
        .api_env("ACCOUNT_BUDGET_BYTES", "100000")
        .start()
        .await;
    let receiver = Receiver::start().await;
    for (path, status) in [("/failing", 500), ("/gone", 410), ("/disabled", 503)] {
        receiver.always(path, Answer::status(status));
    }
    let customer = system.customer();
    let mut ids = Vec::new();
    for (path, event) in [
        ("/failing", "ticket.updated"),
        ("/gone", "session.created"),
        ("/disabled", "ticket.created"),
        ("/off", "lead.captured"),
        ("/good", "lead.captured"),
    ] {
        ids.push(customer.create_endpoint(&receiver.url(path), &[event]).await.id);
    }
    let [failing, gone, disabled, off, _good] = ids.as_slice() else {
        panic!("five endpoints: {ids:?}");
    };
    customer.toggle(off).await;
    for (event, count) in [
        ("session.created", 1),
        ("ticket.created", 4),
        ("ticket.updated", 2),
        ("lead.captured", 1),
    ] {
        for _ in 0..count {
            push(&system, system.account(), event).await;
        }
    }
    // This delivery waits for a retry, and takes most of the budget.
    let large = json!({"text": "x".repeat(85_000)});
    push_data(&system, system.account(), "ticket.updated", large).await;
    let full = eventually(LONG, "all attempts to be made", async || {
        let summary = summary(&customer).await;
        let attempts = total(&summary, "failedAttempts") + total(&summary, "succeeded");
        check(attempts == 9, summary.to_string()).map(|()| summary)
    })
    .await;
    assert_eq!(
        full["endpoints"],
        json!({"active": 2, "disabled": 2, "off": 1, "paused": 0, "operatorHolds": 0})
    );
    let attention = full["attention"].as_array().unwrap();
    let reasons: Vec<_> = attention
        .iter()
        .map(|item| (item["reason"].as_str().unwrap(), item["endpointId"].as_str()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("near_budget", None),
            ("consecutive_failures", Some(disabled.as_str())),
            ("gone", Some(gone.as_str())),
            ("failing", Some(failing.as_str())),
        ]
    );
    for (place, parts) in [
        (
            0,
            vec![" % of what may wait is used, and beyond 100 % events are refused"],
        ),
        (
            1,
            vec![
                "disabled since ",
                "last failure: 503 (",
                "is it running?",
                "switch it on when its receiver works again",
            ],
        ),
        (2, vec!["last failure: 410 (", "gone for good"]),
        (3, vec!["3 failures in a row since ", "last failure: 500 ("]),
    ] {
        let advice = attention[place]["advice"].as_str().unwrap();
        assert!(parts.iter().all(|part| advice.contains(part)), "{advice}");
    }
    for (place, id) in [(1, disabled), (2, gone)] {
        assert_eq!(
            attention[place]["since"],
            customer.endpoint(id).await["disabledAt"]
        );
    }
    assert!(attention[0]["since"].is_null() && attention[3]["since"].is_string());
    let bytes = full["unfinishedBytes"].as_u64().unwrap();
    assert!((85_000..100_000).contains(&bytes), "{bytes}");
    assert_eq!(full["budgetBytes"], 100_000);
    discard(&customer, disabled).await;
    system.stop();
}

/// Discarded deliveries are counted, and need no attention any more.
async fn discard(customer: &Caller, disabled: &str) {
    let body = json!({"id": disabled, "active": true, "parked": "discard"});
    let reply = customer.patch(ENDPOINTS, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    eventually(LONG, "what is parked to be discarded", async || {
        let summary = summary(customer).await;
        check(total(&summary, "canceled") == 4, summary.to_string())
    })
    .await;
    let later = summary(customer).await;
    let items = later["attention"].as_array().unwrap();
    assert!(items.iter().all(|item| item["endpointId"] != disabled), "{later}");
}

#[tokio::test]
async fn redis_is_asked_in_small_steps_and_scans_nothing() {
    let mut system = System::builder()
        .workers(0)
        .api_env("MAX_ENDPOINTS_PER_ACCOUNT", "250")
        .start()
        .await;
    let customer = system.customer();
    let mut made = 0;
    for count in [20_u64, 250] {
        while made < count {
            customer.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
            made += 1;
        }
        // Whether the account is being erased; then a hundred endpoints in each call; for the summary, the counters before them.
        let steps = count.div_ceil(100);
        for (path, scripts) in [(SUMMARY, 2 + steps), (ENDPOINTS, 1 + steps)] {
            let _reply = customer.get(path).await.expect(200);
            // The watch asks about once a second by itself, and then there are more calls.
            eventually(LONG, "an answer that nothing else came between", async || {
                let _: () = redis::cmd("CONFIG")
                    .arg("RESETSTAT")
                    .query(&mut connect(&system.redis))
                    .unwrap();
                let _reply = customer.get(path).await.expect(200);
                let stats = Calls::read(&system.redis);
                for scan in ["keys", "scan", "hscan", "lrange", "xrange", "xrevrange"] {
                    assert_eq!(stats.of(scan), 0, "{path}: {scan}: {stats:?}");
                }
                // Each endpoint is read, and how many deliveries wait there, and for a retry.
                let of_endpoints = ["hgetall", "llen", "zcard"].map(|command| stats.of(command));
                let is_alone =
                    stats.of("evalsha") == scripts && of_endpoints.iter().all(|calls| *calls <= count + 5);
                check(is_alone, format!("{path}: {stats:?}"))
            })
            .await;
        }
    }
    system.stop();
}
