//! Receivers hang, drip a byte a second, send endless headers or bodies, reset, close early, answer 103s, redirect, or speak
//! garbage: no attempt takes longer than its timeout, memory stays bounded, and others don't notice.
//!
//! Proves (guarantees): receivers hang, drip, flood, reset, redirect, speak garbage
//! Proves (security): What a receiver sends is bounded

use std::collections::HashMap;
use std::time::{Duration, Instant};

use e2e::account::Account;
use e2e::ports::free_port;
use e2e::receiver::{Answer, Receiver};
use e2e::state::key;
use e2e::system::System;
use serde_json::json;

use crate::scene::{ask, builder};
use crate::worker_scene::push;

/// A worker holds at most 64 KiB of a head and 64 KiB of a body for each attempt; there are a few hundred here.
const MEMORY: u64 = 128 << 20;

/// How much longer than the timeout an attempt may seem to have taken on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// Deliveries for each receiver that misbehaves.
const EACH: usize = 10;

/// With a shorter timeout, so that each is tried 20 times before it is disabled.
#[tokio::test(flavor = "multi_thread")]
async fn others_are_unaffected_and_memory_is_bounded() {
    all_at_once(Duration::from_secs(1), 20).await;
}

/// Every way to misbehave, by path.
fn misbehaving() -> Vec<(&'static str, Answer)> {
    let second = Duration::from_secs(1);
    vec![
        ("/hangs", Answer::hang()),
        (
            "/drips-a-head",
            Answer::raw_slowly("HTTP/1.1 200 OK\r\nx: y", second),
        ),
        ("/drips-a-body", Answer::drip(200, second, 1000)),
        ("/endless-headers", Answer::endless_headers()),
        (
            "/endless-header",
            Answer::endless("HTTP/1.1 200 OK\r\nx-long: ", "x".repeat(4096)),
        ),
        (
            "/endless-line",
            Answer::endless("HTTP/1.1 200 ", "O".repeat(4096)),
        ),
        ("/endless-body", Answer::endless_body_of(500)),
        (
            "/endless-hints",
            Answer::endless("", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
        ),
        ("/endless-nulls", Answer::endless("", vec![0; 4096])),
        (
            "/endless-trailers",
            Answer::endless(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
                "x-trailer: y\r\n",
            ),
        ),
        ("/resets", Answer::reset()),
        ("/closes", Answer::close()),
        (
            "/closes-in-its-head",
            Answer::raw("HTTP/1.1 200 OK\r\ncontent-le"),
        ),
        ("/closes-in-its-body", Answer::cut_short(100, "half")),
        ("/promises-too-much", Answer::cut_short(usize::MAX >> 2, "a byte")),
        (
            "/promises-a-huge-chunk",
            Answer::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff0\r\nx"),
        ),
        (
            "/hints-and-closes",
            Answer::raw("HTTP/1.1 103 Early Hints\r\n\r\n"),
        ),
        ("/redirects", Answer::redirect(307, "/landing")),
        (
            "/redirects-to-itself",
            Answer::redirect(302, "/redirects-to-itself"),
        ),
        ("/speaks-garbage", Answer::garbage()),
        (
            "/speaks-another-protocol",
            Answer::raw("220 smtp.example ESMTP\r\n"),
        ),
    ]
}

/// All of them misbehave at once, while healthy receivers get their deliveries, again and again, until the others are disabled.
pub(crate) async fn all_at_once(timeout: Duration, disable_after: u32) {
    let mut system = builder()
        .worker_env("DELIVERY_TIMEOUT", format!("{}s", timeout.as_secs()))
        .worker_env("DISABLE_AFTER", disable_after.to_string())
        .start()
        .await;
    let receiver = Receiver::start().await;
    let bad = bad_endpoints(&system, &receiver).await;
    let customer = system.customer();
    // An endless body is no fault of a receiver that answers 200.
    receiver.always("/endless-ok", Answer::endless_body());
    for path in ["/healthy-1", "/healthy-2", "/healthy-3", "/endless-ok"] {
        customer
            .create_endpoint(&receiver.url(path), &["ticket.created"])
            .await;
    }

    let mut pushed = push(&system, "lead.captured", EACH).await;
    let (mut rounds, mut slowest) = (0, Duration::ZERO);
    loop {
        let started = Instant::now();
        pushed.extend(push(&system, "ticket.created", 10).await);
        rounds += 1;
        for path in ["/healthy-1", "/healthy-2", "/healthy-3", "/endless-ok"] {
            receiver.wait_for_at(path, 10 * rounds).await;
        }
        slowest = slowest.max(started.elapsed());
        let endpoints = customer.get("/api/webhooks-config").await.body["endpoints"].clone();
        let is_over = |id: &String| {
            let mut all = endpoints.as_array().unwrap().iter();
            all.any(|endpoint| endpoint["id"] == json!(id) && endpoint["active"] == false)
        };
        if bad.values().all(is_over) {
            break;
        }
    }
    let peak = system.workers[0].peak_memory();
    eprintln!(
        "{rounds} rounds, the slowest in {slowest:?}; peak memory {} MiB",
        peak >> 20
    );
    assert!(peak < MEMORY, "{} MiB", peak >> 20);
    // If the healthy had waited for the others, they would have had only a handful of rounds.
    assert!(rounds >= 10, "{rounds}");
    assert_eq!(
        receiver.received_at("/landing").len(),
        0,
        "redirects are not followed"
    );
    assert_attempts_were_cut_off(&system, &bad, timeout);
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert_eq!(balance.delivered, 40 * rounds);
    assert_eq!(balance.parked + balance.exhausted, EACH * bad.len());
    system.stop();
}

/// An endpoint for each way to misbehave, and one where nothing listens.
async fn bad_endpoints(system: &System, receiver: &Receiver) -> HashMap<String, String> {
    let mut urls = vec![(
        "/nobody-there".to_owned(),
        format!("http://127.0.0.1:{}/", free_port()),
    )];
    for (path, answer) in misbehaving() {
        receiver.always(path, answer);
        urls.push((path.to_owned(), receiver.url(path)));
    }
    let mut bad = HashMap::new();
    for (path, url) in urls {
        let endpoint = system.customer().create_endpoint(&url, &["lead.captured"]).await;
        bad.insert(path, endpoint.id);
    }
    bad
}

/// The log has every attempt: none succeeded, each says why, and none took longer than the timeout.
fn assert_attempts_were_cut_off(system: &System, bad: &HashMap<String, String>, timeout: Duration) {
    for (path, id) in bad {
        let entries: Vec<(String, HashMap<String, String>)> =
            ask(&system.redis, &["XRANGE", &key(&format!("log:{id}")), "-", "+"]);
        // The log also records when the endpoint itself changed.
        let attempts: Vec<_> = entries
            .into_iter()
            .map(|(_, mut entry)| {
                store::log::unpack(&mut entry);
                entry
            })
            .filter(|entry| !entry.contains_key("state"))
            .collect();
        assert!(attempts.len() >= EACH, "{path}: {}", attempts.len());
        for entry in attempts {
            assert_ne!(entry["outcome"], "succeeded", "{path}: {entry:?}");
            assert!(entry.contains_key("error"), "{path}: {entry:?}");
            let took = Duration::from_millis(entry["ms"].parse().unwrap());
            assert!(took < timeout + PATIENCE, "{path}: {entry:?}");
        }
    }
}
