//! Replaying what never got there, and events of some types.
//!
//! Proves (guarantees): what was exhausted or canceled is known as undelivered until a replay of it succeeds

use domain::clock::Timestamp;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api_with_endpoint, everything, refuses};
use crate::log_scene::{LogScene, text};
use crate::replays::one_attempt;

const HOUR_MS: i64 = 3_600_000;

fn an_hour_ago() -> String {
    let now = i64::try_from(Timestamp::now().as_millis()).unwrap();
    Timestamp::from_millis(now - HOUR_MS).unwrap().to_string()
}

/// How many never got there, of these types or of all; by both calls.
async fn missing(scene: &LogScene, events: Option<&[&str]>) -> u64 {
    let mut wanted = json!({"since": an_hour_ago(), "undelivered": true, "dryRun": true});
    if let Some(events) = events {
        wanted["events"] = json!(events);
    }
    let counted = scene.customer.post(&scene.path("replay"), &wanted).await;
    let counted = counted.expect(200).body;
    assert_eq!(
        (&counted["undelivered"], &counted["events"]),
        (&json!(true), &json!(events))
    );
    wanted.as_object_mut().unwrap().remove("dryRun");
    wanted["until"] = counted["until"].clone();
    let by_call = scene.customer.post(&scene.path("replay/count"), &wanted).await;
    assert_eq!(by_call.expect(200).body, counted);
    counted["matching"].as_u64().unwrap()
}

/// Pushes events of this type.
async fn push(scene: &LogScene, event: &str, count: usize, data: &Value) {
    for _ in 0..count {
        let backend = scene.system.backend();
        backend.push(scene.system.account(), event, data.clone()).await;
    }
}

/// Sends all of it again, and waits until this many have got there.
async fn replayed(scene: &LogScene, wanted: &Value, count: u64) -> Value {
    let started = scene.customer.post(&scene.path("replay"), wanted).await;
    let replay = started.expect(202).body;
    let path = scene.path(&format!("replays/{}", text(&replay, "id")));
    eventually(LONG, "the replay to get there", async || {
        let replay = scene.customer.get(&path).await.expect(200).body;
        let is_done = replay["state"] == "finished" && replay["succeeded"] == count;
        check(is_done, replay.to_string()).map(|()| replay)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_got_there_is_sent_again_and_only_that() {
    let scene = LogScene::start(one_attempt()).await;
    push(&scene, "lead.captured", 4, &json!({"then": 500})).await;
    push(&scene, "ticket.created", 3, &json!({"then": 500})).await;
    push(&scene, "lead.captured", 2, &json!({})).await;
    scene.listed("status=exhausted", 7).await;
    scene.listed("status=succeeded", 2).await;

    // While one is on its way, no other gets its turn: they are parked, and discarded.
    scene.push(json!({"then": "hold"})).await;
    scene.listed("status=in_flight", 1).await;
    push(&scene, "message.sent", 20, &json!({"then": "hold"})).await;
    scene.switch(false).await;
    let parked = scene.list("status=parked").await;
    let parked = parked["deliveries"].as_array().unwrap().len() as u64;
    let discard = json!({"id": scene.endpoint, "active": true, "parked": "discard"});
    let _reply = scene.customer.patch(ENDPOINTS, &discard).await.expect(200);
    scene.receiver.open_gate();
    assert!(parked > 0);
    eventually(LONG, "what was discarded to be known", async || {
        let missing = missing(&scene, None).await;
        check(missing == 7 + parked, missing.to_string())
    })
    .await;
    assert_eq!(missing(&scene, Some(&["ticket.created"])).await, 3);
    assert_eq!(
        missing(&scene, Some(&["message.sent", "lead.captured"])).await,
        4 + parked
    );
    assert_eq!(missing(&scene, Some(&["endpoint.held"])).await, 0);

    let leads = json!({"since": an_hour_ago(), "status": "exhausted", "events": ["lead.captured"]});
    let replay = replayed(&scene, &leads, 4).await;
    assert_eq!(
        (
            &replay["status"],
            &replay["undelivered"],
            &replay["events"],
            &replay["made"]
        ),
        (
            &json!("exhausted"),
            &json!(false),
            &json!(["lead.captured"]),
            &json!(4)
        )
    );
    let rest = json!({"since": an_hour_ago(), "undelivered": true});
    let replay = replayed(&scene, &rest, 3 + parked).await;
    assert_eq!(
        (
            &replay["status"],
            &replay["undelivered"],
            &replay["events"],
            &replay["made"]
        ),
        (
            &json!("exhausted"),
            &json!(true),
            &Value::Null,
            &json!(3 + parked)
        )
    );
    assert_eq!(missing(&scene, None).await, 0);
    let replay = replayed(&scene, &rest, 0).await;
    assert_eq!(replay["made"], 0);
    scene.system.finish().await;
}

#[tokio::test]
async fn what_can_not_be_chosen_is_refused() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    let since = an_hour_ago();
    for (choice, code, field) in [
        (json!({"undelivered": 1}), "invalid_type", "undelivered"),
        (json!({"undelivered": null}), "invalid_type", "undelivered"),
        (
            json!({"undelivered": true, "status": "succeeded"}),
            "invalid_value",
            "undelivered",
        ),
        (json!({"events": []}), "empty_events", "events"),
        (json!({"events": "lead.captured"}), "invalid_type", "events"),
        (json!({"events": null}), "invalid_type", "events"),
        (json!({"events": ["*"]}), "unknown_event", "events[0]"),
        (
            json!({"events": ["lead.captured", "lead.lost"]}),
            "unknown_event",
            "events[1]",
        ),
        (
            json!({"events": ["lead.captured", "lead.captured"]}),
            "duplicate_event",
            "events[1]",
        ),
        (
            json!({"events": vec!["lead.captured"; 40]}),
            "too_many_events",
            "events",
        ),
        (
            json!({"eventTypes": ["lead.captured"]}),
            "unknown_field",
            "eventTypes",
        ),
    ] {
        for call in ["replay", "replay/count"] {
            let mut body = choice.clone();
            body["since"] = json!(since);
            let path = format!("{ENDPOINTS}/{id}/{call}");
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
    assert_eq!(everything(&system), before);
    system.stop();
}
