//! Sending again: one delivery, or all of a time span.

use common::clock::Timestamp;
use e2e::client::Reply;
use e2e::state::{connect, key};
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{api, assert_refused, everything, refuses};
use crate::log_scene::{HOOK, LogScene, ids, text};

/// A time before or after now.
fn from_now(millis: i64) -> String {
    let now = i64::try_from(Timestamp::now().as_millis()).unwrap();
    Timestamp::from_millis(now + millis).unwrap().to_string()
}

/// What fails is given up at once.
fn one_attempt() -> Builder {
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
async fn while_the_endpoint_is_off_replays_are_parked_and_say_so() {
    let scene = LogScene::start(one_attempt()).await;
    scene.push_many(3, &json!({"then": 500})).await;
    let sources = ids(&scene.listed("status=exhausted", 3).await);
    scene.switch(false).await;
    let one = scene.replay(&sources[0]).await.expect(202).body;
    assert_eq!(one["status"], "parked");
    let many = start(&scene, &json!({"since": from_now(-3_600_000)}))
        .await
        .expect(202)
        .body;
    assert_eq!(many["parked"], true);
    let many = ended(&scene, &many).await;
    assert_eq!(
        (&many["state"], &many["made"], &many["parked"], &many["succeeded"]),
        (&json!("finished"), &json!(3), &json!(true), &json!(0))
    );
    assert_eq!(scene.listed("status=parked", 4).await.len(), 4);
    assert_eq!(
        scene.receiver.count(),
        3,
        "nothing is sent while the endpoint is off"
    );
    scene.switch(true).await;
    scene.listed("status=succeeded", 4).await;
    let many = progress(&scene, &many).await;
    assert_eq!((&many["succeeded"], &many["parked"]), (&json!(3), &json!(false)));
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_retention_is_gone_and_the_reason_is_told() {
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
    // The shortest retention is a minute: its end is brought forward.
    let mut redis = connect(&scene.system.redis);
    for id in [&succeeded, &exhausted, &test] {
        let event = key(&format!("event:{}", text(&scene.delivery(id).await, "eventId")));
        let lifetime: i64 = redis.pttl(&event).unwrap();
        assert!(lifetime > 60_000, "{event} has no lifetime: {lifetime}");
        let _: () = redis.pexpire(&event, 1).unwrap();
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

async fn start(scene: &LogScene, body: &Value) -> Reply {
    scene.customer.post(&scene.path("replay"), body).await
}

async fn progress(scene: &LogScene, replay: &Value) -> Value {
    let path = scene.path(&format!("replays/{}", text(replay, "id")));
    scene.customer.get(&path).await.expect(200).body
}

/// The replay, once it does not run any more.
async fn ended(scene: &LogScene, replay: &Value) -> Value {
    eventually(LONG, "the replay to end", async || {
        let replay = progress(scene, replay).await;
        check(replay["state"] != "running", replay.to_string()).map(|()| replay)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_span_are_counted_and_sent_again() {
    let scene = LogScene::start(one_attempt()).await;
    scene.push_many(30, &json!({"then": 500})).await;
    scene.push_many(4, &json!({})).await;
    scene.listed("status=exhausted&limit=100", 30).await;
    scene.listed("status=succeeded", 4).await;
    let since = from_now(-3_600_000);
    for (status, count) in [(json!("exhausted"), 30), (json!("succeeded"), 4)] {
        let wanted = json!({"since": since, "status": status, "dryRun": true});
        let counted = start(&scene, &wanted).await.expect(200).body;
        assert_eq!(
            (&counted["matching"], &counted["isLowerBound"]),
            (&json!(count), &json!(false))
        );
        assert_eq!((&counted["status"], &counted["since"]), (&status, &json!(since)));
    }
    let early = json!({"since": from_now(-7_200_000), "until": since, "dryRun": true});
    assert_eq!(start(&scene, &early).await.expect(200).body["matching"], 0);

    let reply = start(&scene, &json!({"since": since, "dryRun": false}))
        .await
        .expect(202);
    let replay = reply.body;
    let location = scene.path(&format!("replays/{}", text(&replay, "id")));
    assert_eq!(reply.headers["location"], location.as_str());
    assert_eq!(
        (
            &replay["state"],
            &replay["status"],
            &replay["made"],
            &replay["finishedAt"],
            &replay["parked"]
        ),
        (
            &json!("running"),
            &json!("exhausted"),
            &json!(0),
            &Value::Null,
            &json!(false)
        )
    );
    eventually(LONG, "all replays to succeed", async || {
        let replay = progress(&scene, &replay).await;
        let is_done = replay["state"] == "finished" && replay["succeeded"] == 30;
        check(is_done, replay.to_string())
    })
    .await;
    let replay = progress(&scene, &replay).await;
    assert_eq!(
        (&replay["made"], &replay["skipped"], &replay["exhausted"]),
        (&json!(30), &json!(0), &json!(0))
    );
    assert!(text(&replay, "finishedAt") >= text(&replay, "createdAt"));
    let sent_again = scene.receiver.received_at(HOOK);
    let sent_again = sent_again
        .iter()
        .filter(|request| request.header("x-rkt-replay").is_some());
    assert_eq!(sent_again.count(), 30);
    // Canceling what has ended changes nothing.
    assert_eq!(scene.customer.delete(&location).await.expect(200).body, replay);
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_has_one_replay_at_a_time_which_can_be_canceled() {
    let mut scene = LogScene::start(one_attempt()).await;
    scene.push_many(5, &json!({"then": 500})).await;
    scene.listed("status=exhausted", 5).await;
    // Workers make the deliveries: without them the replay waits.
    scene.system.workers[0].terminate();
    let all = json!({"since": from_now(-3_600_000)});
    let first = start(&scene, &all).await.expect(202).body;
    let location = scene.path(&format!("replays/{}", text(&first, "id")));
    let before = everything(&scene.system);
    let path = scene.path("replay");
    let refused = start(&scene, &all).await;
    assert_refused(&Method::POST, &path, &refused, 409, "replay_in_progress", "");
    assert!(
        text(&refused.body, "detail").contains(&text(&first, "id")),
        "{}",
        refused.text
    );
    assert!(
        everything(&scene.system) == before,
        "a refused call changed something"
    );
    // Counting is allowed meanwhile, and so is a replay of one, or of another endpoint.
    let count = json!({"since": all["since"], "dryRun": true});
    assert_eq!(start(&scene, &count).await.expect(200).body["matching"], 5);

    let canceled = scene.customer.delete(&location).await.expect(200).body;
    assert_eq!(
        (&canceled["state"], &canceled["made"]),
        (&json!("canceled"), &json!(0))
    );
    assert!(canceled["finishedAt"].is_string(), "{canceled}");
    assert_eq!(scene.customer.delete(&location).await.expect(200).body, canceled);
    assert_eq!(progress(&scene, &first).await, canceled);
    let second = start(&scene, &all).await.expect(202).body;
    assert_ne!(second["id"], first["id"]);
    scene.system.workers[0].restart();
    scene.system.wait_ready().await;
    let second = ended(&scene, &second).await;
    assert_eq!(
        (&second["state"], &second["made"]),
        (&json!("finished"), &json!(5))
    );
    scene.listed("status=succeeded", 5).await;
    assert_eq!(progress(&scene, &first).await, canceled);
    scene.system.finish().await;
}

#[tokio::test]
async fn spans_that_make_no_sense_are_refused() {
    let mut system = api().await;
    let customer = system.customer();
    let id = customer
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let before = everything(&system);
    let path = format!("/api/webhooks-config/{id}/replay");
    let hour = 3_600_000;
    let (recent, days) = (from_now(-hour), |days: i64| from_now(-days * 24 * hour));
    for (body, code, field) in [
        (json!({}), "missing_field", "since"),
        (json!({"since": null}), "invalid_type", "since"),
        (json!({"since": "yesterday"}), "invalid_timestamp", "since"),
        (
            json!({"since": recent, "until": "now"}),
            "invalid_timestamp",
            "until",
        ),
        (
            json!({"since": recent, "until": days(1)}),
            "invalid_span",
            "since",
        ),
        (json!({"since": recent, "until": recent}), "invalid_span", "since"),
        (json!({"since": from_now(hour)}), "invalid_span", "since"),
        (
            json!({"since": recent, "until": from_now(hour)}),
            "invalid_span",
            "until",
        ),
        (json!({"since": days(32)}), "invalid_span", "since"),
        (json!({"since": "1970-01-01T00:00:00Z"}), "invalid_span", "since"),
        (
            json!({"since": days(90), "until": days(40)}),
            "invalid_span",
            "since",
        ),
        (
            json!({"since": recent, "status": "pending"}),
            "invalid_value",
            "status",
        ),
        (json!({"since": recent, "status": ""}), "invalid_value", "status"),
        (json!({"since": recent, "status": null}), "invalid_type", "status"),
        (json!({"since": recent, "dryRun": 1}), "invalid_type", "dryRun"),
        (
            json!({"since": recent, "event": "lead.captured"}),
            "unknown_field",
            "event",
        ),
    ] {
        for dry in [false, true] {
            let mut body = body.clone();
            if dry && body.get("dryRun").is_none() {
                body["dryRun"] = true.into();
            }
            refuses(
                &customer,
                Method::POST,
                &path,
                body.to_string(),
                (422, code, field),
            )
            .await;
        }
    }
    refuses(&customer, Method::POST, &path, "{", (400, "invalid_json", "")).await;
    refuses(&customer, Method::POST, &path, "[]", (422, "invalid_type", "")).await;
    let long = json!({"since": "x".repeat(20_000)}).to_string();
    refuses(&customer, Method::POST, &path, long, (413, "body_too_large", "")).await;
    assert_eq!(everything(&system), before);
    system.stop();
}
