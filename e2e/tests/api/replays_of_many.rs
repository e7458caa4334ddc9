//! Replaying all deliveries of a time span.

use domain::clock::Timestamp;
use e2e::client::Reply;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{api_with_endpoint, assert_refused, everything, refuses};
use crate::log_scene::{HOOK, LogScene, ids, text};
use crate::replays::one_attempt;

/// A time before or after now.
fn from_now(millis: i64) -> String {
    let now = i64::try_from(Timestamp::now().as_millis()).unwrap();
    Timestamp::from_millis(now + millis).unwrap().to_string()
}

async fn start(scene: &LogScene, body: &Value) -> Reply {
    scene.customer.post(&scene.path("replay"), body).await
}

async fn counted_by_call(scene: &LogScene, body: &Value) -> Reply {
    scene.customer.post(&scene.path("replay/count"), body).await
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
        // The same, by the call that only counts. Both count up to their own present.
        let wanted = json!({"since": since, "status": status, "until": counted["until"]});
        let again = counted_by_call(&scene, &wanted).await.expect(200).body;
        assert_eq!(again, counted);
    }
    let refused = counted_by_call(&scene, &json!({"since": since, "dryRun": true})).await;
    assert_refused(
        &Method::POST,
        &scene.path("replay/count"),
        &refused,
        422,
        "unknown_field",
        "dryRun",
    );
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
    let (mut system, customer, id) = api_with_endpoint().await;
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
