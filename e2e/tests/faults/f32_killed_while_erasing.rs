//! Kills the API and Redis (`kill -9`) while events are erased, again and again.
//!
//! Proves (guarantees): an event is erased, wherever its payload is, and whatever becomes of its deliveries meanwhile

use std::time::Duration;

use domain::id::DeliveryId;
use e2e::client::Caller;
use e2e::process::Process;
use e2e::receiver::Answer;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::{Scene, blocking, builder};

const EVENTS: usize = 24;

fn address(number: usize) -> String {
    format!("guest-{number}@example.com")
}

/// Whoever asks again gets it done: the payload and what the receiver repeated of it are gone, what waits is canceled, and nothing of any
/// other event is missing.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_again_gets_it_done_and_nothing_else_goes() {
    let mut scene = Scene::start(builder().env("RETRY_SCHEDULE", "1h").env("DISABLE_AFTER", "1000")).await;
    let customer = scene.system.customer();
    let failing = customer
        .create_endpoint(&scene.receiver.url("/fails"), &["*"])
        .await
        .id;
    scene.receiver.always_with("/fails", |received| {
        Answer::status(500).body(received.body.clone())
    });
    let mut events = Vec::new();
    for number in 0..EVENTS {
        let data = json!({"email": address(number)});
        let pushed = scene
            .system
            .backend()
            .push(scene.system.account(), "lead.captured", data)
            .await;
        events.push(pushed.id);
    }
    let path = |event: &str| {
        let delivery = DeliveryId::of(&event.parse().unwrap(), &failing.parse().unwrap());
        format!("/api/webhooks-config/{failing}/deliveries/{delivery}")
    };
    for event in &events {
        eventually(LONG, "the failure to be logged", async || {
            let reply = customer.get(&path(event)).await;
            check(reply.body["status"] == "retrying", reply.text)
        })
        .await;
    }

    for (number, event) in events.iter().enumerate().step_by(2) {
        let erased = format!("/api/events/{event}");
        let cut = tokio::spawn(Caller::try_send(customer.request(Method::DELETE, &erased)));
        tokio::time::sleep(Duration::from_micros((number as u64 * 1300) % 9000)).await;
        blocking(|| {
            scene.system.api.kill9();
            if number % 4 == 0 {
                scene.system.redis.kill9();
                scene.system.redis.restart();
            }
            scene.system.api.restart();
        });
        scene.system.wait_ready().await;
        // It may have been answered before.
        let _answered = cut.await.unwrap().is_ok();
        let _reply = customer.delete(&erased).await.expect(204);
    }

    for (number, event) in events.iter().enumerate() {
        let found = customer.get(&path(event)).await.expect(200);
        let (is_erased, address) = (number % 2 == 0, address(number));
        assert_eq!(found.text.contains(&address), !is_erased, "{}", found.text);
        let (payload, status) = (&found.body["payload"], &found.body["status"]);
        if is_erased {
            assert_eq!((payload, status), (&Value::Null, &json!("canceled")));
        } else {
            assert_eq!(
                (&payload["data"]["email"], status),
                (&json!(address), &json!("retrying"))
            );
        }
    }
    let checked = blocking(|| {
        let url = scene.system.redis.url();
        Process::run("webhooksctl", &["check", "--redis-url", &url], &[])
    });
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );
    scene.system.stop();
}
