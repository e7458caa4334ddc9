//! Receivers close connections without a word, have odd header lines, ask for patience, or take their time: everything arrives once,
//! nobody is blamed, and the account is right.
//!
//! Proves (guarantees): receivers close kept connections, send odd header lines, ask for patience

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::account::Account;
use e2e::receiver::{Answer, Receiver};
use serde_json::json;

use crate::scene::builder;
use crate::worker_scene::push;

/// Deliveries for each receiver.
const EACH: usize = 60;

/// How often a receiver takes requests before it asks for patience.
const PATIENT_FOR: usize = 12;

fn odd(line: &str, value: &str) -> Answer {
    Answer::status(200).header(line, value)
}

/// A 200 with more fields than most programs expect.
fn many_fields() -> Answer {
    (0..150).fold(Answer::status(200), |answer, number| {
        answer.header(&format!("x-field-{number}"), "value")
    })
}

/// Every habit, by path.
fn habits() -> Vec<(&'static str, Answer)> {
    vec![
        ("/forgets", Answer::status(200).then_closes()),
        (
            "/forgets-and-is-slow",
            Answer::status(200)
                .after(Duration::from_millis(100))
                .then_closes(),
        ),
        (
            "/says-close",
            Answer::status(200).header("connection", "close").then_closes(),
        ),
        (
            "/keeps-for-a-second",
            Answer::status(200).header("keep-alive", "timeout=1, max=5"),
        ),
        ("/space-before-the-colon", odd("x-odd ", "value")),
        ("/space-in-the-name", odd("x odd", "value")),
        ("/no-colon", odd("no colon\r\nx-fine", "value")),
        ("/folded", odd("x-odd", "first\r\n second")),
        ("/control-character", odd("x-odd", "a\u{1}b")),
        ("/many-fields", many_fields()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_have_habits_and_none_is_blamed_for_them() {
    let mut system = builder().start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let mut ids = Vec::new();
    let mut paths = vec!["/asks-for-patience"];
    for (path, answer) in habits() {
        receiver.always(path, answer);
        paths.push(path);
    }
    let asked = AtomicUsize::new(0);
    receiver.always_with("/asks-for-patience", move |_| {
        if (asked.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(PATIENT_FOR) {
            Answer::status(429).header("retry-after", "1")
        } else {
            Answer::status(200)
        }
    });
    for path in &paths {
        let endpoint = customer.create_endpoint(&receiver.url(path), &["*"]).await;
        ids.push((*path, endpoint.id));
    }
    // In three parts, so that connections are kept in between.
    let mut pushed = Vec::new();
    for part in 1..=3 {
        pushed.extend(push(&system, "lead.captured", EACH / 3).await);
        for path in &paths {
            receiver.wait_for_at(path, part * EACH / 3).await;
        }
    }
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert_eq!(balance.delivered, EACH * paths.len());
    for (path, id) in &ids {
        let endpoint = customer.endpoint(id).await;
        assert_eq!(endpoint["active"], json!(true), "{path}: {endpoint}");
        assert_eq!(endpoint["consecutiveFailures"], json!(0), "{path}: {endpoint}");
        let refused = receiver.received_at(path).len() - EACH;
        assert_eq!(
            refused > 0,
            *path == "/asks-for-patience",
            "{path}: {refused} requests too many"
        );
    }
    system.stop();
}
