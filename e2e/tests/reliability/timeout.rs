//! "Timeout: 10 seconds per delivery".
//!
//! Proves (guarantees): Timeout: 10 seconds per delivery

use std::time::Duration;

use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use serde_json::{Value, json};

/// With the default of 10 s. A receiver that never answers, and one that begins to answer but takes too long, have
/// failed; one that takes half of the time has not.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_has_ten_seconds() {
    let system = System::builder().env("RETRY_SCHEDULE", "").start().await;
    let receiver = Receiver::start().await;
    receiver.always("/hangs", Answer::hang());
    receiver.always("/drips", Answer::drip(200, Duration::from_millis(500), 1000));
    receiver.always("/slow", Answer::status(200).after(Duration::from_secs(5)));
    let customer = system.customer();
    let mut ids = Vec::new();
    for path in ["/hangs", "/drips", "/slow"] {
        ids.push(customer.create_endpoint(&receiver.url(path), &["*"]).await.id);
    }
    let pushed = system
        .backend()
        .push(system.account(), "session.created", json!({}))
        .await;
    assert_eq!(pushed.deliveries, 3);

    let attempted = |endpoint: &Value| !endpoint["lastAttempt"].is_null();
    for id in &ids[..2] {
        let endpoint = system
            .wait_for_endpoint(id, "the attempt to end", attempted)
            .await;
        let last = &endpoint["lastAttempt"];
        assert_eq!(
            (&last["succeeded"], &last["error"]),
            (&json!(false), &json!("timeout")),
            "{last}"
        );
        assert!(last["durationMs"].as_f64().unwrap() >= 10_000.0, "{last}");
        assert_eq!(endpoint["consecutiveFailures"], 1);
    }
    let endpoint = system
        .wait_for_endpoint(&ids[2], "the attempt to end", attempted)
        .await;
    assert_eq!(endpoint["lastAttempt"]["succeeded"], true, "{endpoint}");
    assert_eq!(endpoint["consecutiveFailures"], 0);
    system.finish().await;
}
