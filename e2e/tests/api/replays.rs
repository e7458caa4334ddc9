//! Replaying one delivery.
//!
//! Proves (guarantees): a replay of many is interrupted by a worker's death
//! Proves (guarantees): a replay carries the same `webhook-id`, and the failures of one by hand are no strikes
//! Proves (guarantees): a replay fails that somebody asked for by hand

use std::time::Duration;

use e2e::client::Caller;
use e2e::redis_clock;
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};

use reqwest::Method;
use serde_json::json;

use crate::fixture::{assert_refused, everything};
use crate::log_scene::{HOOK, LogScene, ids, text};

/// A delivery that fails is exhausted at once.
pub(crate) fn one_attempt() -> Builder {
    System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1000000")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_a_new_delivery_of_the_same_event() {
    let scene = LogScene::start(one_attempt()).await;
    scene.push(json!({"then": 500, "amount": 1.5})).await;
    let source = ids(&scene.listed("status=exhausted", 1).await).remove(0);
    let replayed = scene.replay(&source).await.expect(202).body;
    let new = text(&replayed, "id");
    assert_eq!(
        replayed,
        json!({"id": new, "replayOf": source, "status": "pending"})
    );
    assert_ne!(new, source);
    let requests = scene.receiver.wait_for_at(HOOK, 2).await;
    let header = |name: &str| [0, 1].map(|index: usize| requests[index].header(name));
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(header("webhook-id")[0], header("webhook-id")[1]);
    assert_eq!(header("x-rkt-replay"), [None, Some("true")]);
    assert_eq!(
        header("x-rkt-delivery"),
        [Some(source.as_str()), Some(new.as_str())]
    );
    let listed = scene.listed("status=succeeded", 1).await;
    assert_eq!(
        (text(&listed[0], "id"), text(&listed[0], "replayOf")),
        (new.clone(), source.clone())
    );
    assert_eq!(scene.delivery(&new).await["replayOf"], json!(source));
    assert_eq!(
        scene.delivery(&source).await["status"],
        "exhausted",
        "the first one stays as it is"
    );

    // A replay can be replayed, and each request makes another one.
    let third = scene.replay(&new).await.expect(202).body;
    let fourth = scene.replay(&new).await.expect(202).body;
    assert_eq!(
        (&third["replayOf"], &fourth["replayOf"]),
        (&json!(new), &json!(new))
    );
    assert_ne!(third["id"], fourth["id"]);
    scene.listed("status=succeeded", 3).await;
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_can_be_asked_for_again_with_the_same_key() {
    let scene = LogScene::start(one_attempt()).await;
    scene.push_many(2, &json!({"then": 500})).await;
    let sources = ids(&scene.listed("status=exhausted", 2).await);
    let ask = async |source: &str, keys: &[&str]| {
        let path = scene.path(&format!("deliveries/{source}/replay"));
        let mut request = scene.customer.request(Method::POST, &path);
        for key in keys {
            request = request.header("idempotency-key", *key);
        }
        (Caller::send(request).await, path)
    };
    let first = ask(&sources[0], &["one"]).await.0.expect(202).body;
    scene.listed("status=succeeded", 1).await;
    let again = ask(&sources[0], &["one"]).await.0.expect(202).body;
    assert_eq!(
        (&again["id"], &again["replayOf"]),
        (&first["id"], &json!(sources[0]))
    );
    assert_eq!(
        (&first["status"], &again["status"]),
        (&json!("pending"), &json!("succeeded"))
    );
    let mut made = vec![text(&first, "id")];
    for (source, key) in [(&sources[0], "two"), (&sources[1], "one")] {
        made.push(text(&ask(source, &[key]).await.0.expect(202).body, "id"));
    }
    made.sort_unstable();
    made.dedup();
    assert_eq!(made.len(), 3);
    let mut succeeded = ids(&scene.listed("status=succeeded", 3).await);
    succeeded.sort_unstable();
    assert_eq!(succeeded, made);

    let before = everything(&scene.system);
    let long = "k".repeat(256);
    for keys in [&[""][..], &["a b"], &[&long], &["one", "one"]] {
        let (reply, path) = ask(&sources[0], keys).await;
        let field = "Idempotency-Key";
        assert_refused(
            &Method::POST,
            &path,
            &reply,
            422,
            "invalid_idempotency_key",
            field,
        );
    }
    assert!(
        everything(&scene.system) == before,
        "a refused call changed something"
    );
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_fails_is_no_strike() {
    let scene = LogScene::start(
        System::builder()
            .env("RETRY_SCHEDULE", "")
            .env("DISABLE_AFTER", "1"),
    )
    .await;
    scene.push(json!({})).await;
    let source = ids(&scene.listed("status=succeeded", 1).await).remove(0);
    scene.receiver.then(HOOK, [e2e::receiver::Answer::status(500)]);
    let new = text(&scene.replay(&source).await.expect(202).body, "id");
    assert_eq!(ids(&scene.listed("status=exhausted", 1).await), [new]);
    let endpoint = scene.customer.endpoint(&scene.endpoint).await;
    assert_eq!(
        (&endpoint["active"], &endpoint["consecutiveFailures"]),
        (&json!(true), &json!(0))
    );
    scene.system.finish().await;
}

/// A delivery that still waits can be replayed as well: both are sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_not_finished_goes_on_beside_its_replay() {
    let mut scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "1h")).await;
    scene.push(json!({"then": 500})).await;
    let source = ids(&scene.listed("status=retrying", 1).await).remove(0);
    let new = text(&scene.replay(&source).await.expect(202).body, "id");
    assert_eq!(ids(&scene.listed("status=succeeded", 1).await), [new]);
    assert_eq!(scene.delivery(&source).await["status"], "retrying");
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_retention_is_gone_and_the_answer_says_why() {
    let mut scene = LogScene::start(one_attempt()).await;
    scene.push(json!({})).await;
    let succeeded = ids(&scene.listed("status=succeeded", 1).await).remove(0);
    scene.push(json!({"then": 500})).await;
    let exhausted = ids(&scene.listed("status=exhausted", 1).await).remove(0);
    let test = scene
        .customer
        .post(&scene.path("test"), &json!({}))
        .await
        .expect(200);
    let test = text(&test.body, "deliveryId");
    for id in [&succeeded, &exhausted, &test] {
        let payload = scene.delivery(id).await["payload"].take();
        assert!(payload.is_object(), "{payload}");
    }
    // Fifteen days pass for the scripts, and the ten minutes for which a worker doesn't believe that.
    redis_clock::jump(&scene.system.redis, 15 * 86_400_000);
    redis_clock::pass(&scene.system.redis, Duration::from_secs(610)).await;
    for id in [&succeeded, &exhausted, &test] {
        eventually(LONG, "the payload to be dropped", async || {
            let payload = scene.delivery(id).await["payload"].take();
            check(payload.is_null(), payload.to_string())
        })
        .await;
    }
    let before = everything(&scene.system);
    for (id, reason) in [
        (succeeded, "for 24 hours after a delivery succeeded"),
        (exhausted, "for 14 days after a delivery was exhausted"),
        (test, "for 24 hours after a test"),
    ] {
        let reply = scene.replay(&id).await;
        let path = scene.path(&format!("deliveries/{id}/replay"));
        assert_refused(&Method::POST, &path, &reply, 410, "payload_expired", "");
        assert!(text(&reply.body, "detail").contains(reason), "{}", reply.text);
    }
    assert!(
        everything(&scene.system) == before,
        "a refused call changed something"
    );
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_needs_room_in_the_accounts_budget() {
    let builder = one_attempt()
        .env("ACCOUNT_BUDGET_BYTES", "4096")
        .env("DELIVERY_TIMEOUT", "60s");
    let mut scene = LogScene::start(builder).await;
    scene.push(json!({"pad": "x".repeat(2000)})).await;
    let source = ids(&scene.listed("status=succeeded", 1).await).remove(0);
    scene.push(json!({"then": "hold", "pad": "x".repeat(2000)})).await;
    scene.listed("status=in_flight", 1).await;
    let path = scene.path(&format!("deliveries/{source}/replay"));
    let reply = scene.replay(&source).await;
    assert_refused(&Method::POST, &path, &reply, 429, "account_over_budget", "");
    assert!(reply.headers.contains_key("retry-after"));
    scene.receiver.open_gate();
    scene.listed("status=succeeded", 2).await;
    assert_eq!(scene.replay(&source).await.status, 202);
    scene.listed("status=succeeded", 3).await;
    scene.system.stop();
}
