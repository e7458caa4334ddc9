//! The delivery log: listings, pages, and one delivery with its payload and its attempts.
//!
//! Proves (guarantees): a page of the log never repeats or skips a delivery because something arrived

use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{api_with_endpoint, assert_refused, everything};
use crate::log_scene::{HOOK, LogScene, ids, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_shown_with_its_payload_and_all_attempts() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "50ms")).await;
    let data: Value = serde_json::from_str(r#"{"then": 503, "amount": 1.10, "name": "Jörg"}"#).unwrap();
    let pushed = scene.push(data).await;
    let listed = scene.listed("status=exhausted", 1).await.remove(0);
    let first = scene.receiver.received_at(HOOK)[0].clone();
    let id = first.expect_header("x-rkt-delivery").to_owned();

    let accepted = text(&listed, "acceptedAt");
    let ended = text(&listed, "lastAttemptAt");
    assert!(accepted < ended, "{listed}");
    let mut shown = listed.clone();
    for varying in ["acceptedAt", "lastAttemptAt", "durationMs"] {
        assert!(!shown[varying].is_null(), "{listed}");
        shown[varying] = Value::Null;
    }
    assert_eq!(
        shown,
        json!({
            "id": id, "endpointId": scene.endpoint, "eventId": pushed.id, "event": "lead.captured", "status": "exhausted", "attempts": 2,
            "lastAttemptAt": null, "nextAttemptAt": null, "heldUntil": null, "waitsBecause": null, "httpStatus": 503,
            "durationMs": null, "error": "http_status",
            "detail": listed["detail"], "replayOf": null, "test": false, "acceptedAt": null,
        })
    );
    assert!(text(&listed, "detail").contains("503"), "{listed}");

    let reply = scene
        .customer
        .get(&scene.path(&format!("deliveries/{id}")))
        .await
        .expect(200);
    let body = std::str::from_utf8(&first.body).unwrap();
    assert!(
        reply.text.contains(&format!(r#""payload":{body}"#)),
        "the payload has other bytes: {}",
        reply.text
    );
    let mut detail = reply.body;
    let attempts = detail["attemptLog"].as_array().unwrap().clone();
    let shown: Vec<_> = attempts
        .iter()
        .map(|attempt| (&attempt["attempt"], &attempt["outcome"], &attempt["httpStatus"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!(1), &json!("retrying"), &json!(503)),
            (&json!(2), &json!("exhausted"), &json!(503))
        ]
    );
    for attempt in &attempts {
        assert_eq!(attempt["responseSnippet"], "what went wrong");
        let header = json!({"name": "x-reason", "value": "as it was told"});
        assert!(
            attempt["responseHeaders"].as_array().unwrap().contains(&header),
            "{attempt}"
        );
        assert!(attempt["timing"]["firstByteMs"].is_number(), "{attempt}");
    }
    assert_eq!(attempts[1]["at"], listed["lastAttemptAt"]);
    let fields = detail.as_object_mut().unwrap();
    fields.remove("payload");
    fields.remove("attemptLog");
    assert_eq!(detail, listed, "the detail begins with what the listing says");
    scene.system.finish().await;
}

/// Each state has its listing, and each delivery stands in one of them.
#[tokio::test(flavor = "multi_thread")]
async fn each_delivery_is_listed_by_its_state_its_type_and_its_time() {
    let builder = System::builder()
        .env("RETRY_SCHEDULE", "1h")
        .env("DELIVERY_TIMEOUT", "60s");
    let mut scene = LogScene::start(builder).await;
    scene.push(json!({})).await;
    let succeeded = ids(&scene.listed("status=succeeded", 1).await);
    scene.push(json!({"then": 500})).await;
    let retrying = scene.listed("status=retrying", 1).await;
    assert!(text(&retrying[0], "nextAttemptAt") > text(&retrying[0], "lastAttemptAt"));
    // After a failure the endpoint gets one attempt at a time.
    scene.push(json!({"then": "hold"})).await;
    let in_flight = ids(&scene.listed("status=in_flight", 1).await);
    scene.push(json!({})).await;
    let backend = scene.system.backend();
    backend
        .push(scene.system.account(), "ticket.created", json!({}))
        .await;
    let pending = scene.listed("status=pending", 2).await;
    assert_eq!(
        pending
            .iter()
            .map(|delivery| &delivery["event"])
            .collect::<Vec<_>>(),
        ["ticket.created", "lead.captured"],
        "newest first"
    );
    assert!(
        pending
            .iter()
            .all(|delivery| delivery["attempts"] == 0 && delivery["lastAttemptAt"].is_null())
    );

    let retrying = ids(&retrying);
    let without_status = ids(&scene.listed("", 2).await);
    assert_eq!(without_status, [retrying.clone(), succeeded.clone()].concat());
    for (query, wanted) in [
        ("status=exhausted", vec![]),
        ("status=parked", vec![]),
        (
            "status=pending&event=ticket.created",
            vec![text(&pending[0], "id")],
        ),
        ("status=pending&event=ticket.updated", vec![]),
        ("event=lead.captured", without_status.clone()),
        ("event=session.created", vec![]),
        ("since=2020-01-01T00:00:00Z&until=2020-02-01T00:00:00Z", vec![]),
        (
            "since=2020-01-01T00:00:00Z&until=2099-01-01T00:00:00%2B01:00",
            without_status.clone(),
        ),
        ("status=pending&since=2099-01-01T00:00:00Z", vec![]),
        ("until=1970-01-01T00:00:00Z", vec![]),
        ("since=1970-01-01T00:00:00Z", without_status.clone()),
    ] {
        assert_eq!(ids(&scene.listed(query, wanted.len()).await), wanted, "{query}");
    }
    // From one attempt on, and before it.
    let at = text(
        &scene.list("status=retrying").await["deliveries"][0],
        "lastAttemptAt",
    );
    assert_eq!(ids(&scene.listed(&format!("since={at}"), 1).await), retrying);
    assert_eq!(ids(&scene.listed(&format!("until={at}"), 1).await), succeeded);

    // Whatever waits is parked once the endpoint is switched off; what is in flight goes on.
    scene.switch(false).await;
    let parked = ids(&scene.listed("status=parked", 3).await);
    assert!(
        parked.contains(&text(&pending[0], "id")) && parked.contains(&retrying[0]),
        "{parked:?}"
    );
    assert_eq!(ids(&scene.listed("status=in_flight", 1).await), in_flight);
    for none in ["status=pending", "status=retrying"] {
        scene.listed(none, 0).await;
    }
    for id in &parked {
        assert_eq!(scene.delivery(id).await["status"], "parked");
    }
    assert_eq!(scene.delivery(&in_flight[0]).await["status"], "in_flight");
    scene.receiver.open_gate();
    scene.listed("status=succeeded", 2).await;
    scene.system.stop();
}

/// Reads all pages; `meanwhile` happens between them.
async fn pages(scene: &LogScene, query: &str, mut meanwhile: impl AsyncFnMut()) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = scene.list(&format!("{query}{cursor}")).await;
        found.extend(ids(page["deliveries"].as_array().unwrap()));
        let Some(next) = page["nextCursor"].as_str() else {
            return found;
        };
        cursor = format!("&cursor={next}");
        meanwhile().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_repeat_nothing_and_leave_nothing_out_while_deliveries_arrive() {
    let mut scene = LogScene::start(
        System::builder()
            .env("RETRY_SCHEDULE", "20ms,20ms")
            .env("DISABLE_AFTER", "1000000"),
    )
    .await;
    scene.push_many(20, &json!({})).await;
    scene.push_many(5, &json!({"then": 500})).await;
    let finished = "status=exhausted&limit=100";
    scene.listed(finished, 5).await;
    scene.listed("limit=100", 25).await;
    let mut expected = ids(&scene.listed("limit=100", 25).await);
    let mut count = 5;
    let read = pages(&scene, "limit=4", async || {
        // New deliveries, some with attempts that come again and again.
        scene.push(json!({})).await;
        scene.push(json!({"then": 500})).await;
        count += 1;
        scene.listed(finished, count).await;
    })
    .await;
    assert!(count > 10, "there was more than one page");
    assert_eq!(read, expected);

    // The same in a queue of deliveries that wait.
    for worker in &mut scene.system.workers {
        worker.terminate();
    }
    scene.push_many(15, &json!({})).await;
    expected = ids(&scene.listed("status=pending&limit=100", 15).await);
    let mut pushed = 0;
    let read = pages(&scene, "status=pending&limit=4", async || {
        scene.push(json!({})).await;
        pushed += 1;
    })
    .await;
    assert!(pushed >= 3);
    assert_eq!(read, expected);
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_are_good_for_their_own_listing_alone() {
    let mut scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "")).await;
    let other = scene
        .customer
        .create_endpoint(&scene.receiver.url("/other"), &["*"])
        .await
        .id;
    scene.push_many(3, &json!({"then": 500})).await;
    scene.listed("status=exhausted", 3).await;
    let cursor = text(&scene.list("limit=1").await, "nextCursor");
    let of_line = text(&scene.list("limit=1&status=exhausted").await, "nextCursor");
    // The same filter, written differently, is still the same filter.
    let since = "since=2026-01-01T00:00:00Z";
    let of_span = text(&scene.list(&format!("limit=1&{since}")).await, "nextCursor");
    let same = format!("limit=2&since=2026-01-01T01:00:00.000%2B01:00&cursor={of_span}");
    assert_eq!(scene.list(&same).await["deliveries"].as_array().unwrap().len(), 2);

    let before = everything(&scene.system);
    let mut changed = cursor.clone();
    let last = if changed.ends_with('A') { "B" } else { "A" };
    changed.replace_range(cursor.len() - 3..cursor.len() - 2, last);
    let own = scene.path("deliveries");
    let others = format!("/api/webhooks-config/{other}/deliveries");
    for (path, query) in [
        (&own, format!("cursor={changed}")),
        (&own, format!("cursor={}", &cursor[1..])),
        (&own, format!("cursor={cursor}x")),
        (&own, "cursor=".to_owned()),
        (&own, "cursor=1".to_owned()),
        (&own, format!("cursor={}", "A".repeat(5000))),
        (&own, format!("cursor={of_line}")),
        (&own, format!("status=exhausted&cursor={cursor}")),
        (&own, format!("status=succeeded&cursor={of_line}")),
        (&own, format!("event=lead.captured&cursor={cursor}")),
        (&own, format!("cursor={of_span}")),
        (&own, format!("since=2026-01-01T00:00:00.001Z&cursor={of_span}")),
        (&others, format!("cursor={cursor}")),
        (&others, format!("status=exhausted&cursor={of_line}")),
    ] {
        let path = format!("{path}?{query}");
        let reply = scene.customer.get(&path).await;
        assert_refused(&Method::GET, &path, &reply, 422, "invalid_cursor", "cursor");
    }
    assert!(
        everything(&scene.system) == before,
        "a refused call changed something"
    );
    scene.system.stop();
}

#[tokio::test]
async fn listings_of_what_is_unknown_are_refused() {
    let (mut system, customer, id) = api_with_endpoint().await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let before = everything(&system);
    let path = format!("/api/webhooks-config/{id}/deliveries");
    let refused = async |query: &str, code: &str, field: &str| {
        let path = format!("{path}?{query}");
        let reply = customer.get(&path).await;
        assert_refused(&Method::GET, &path, &reply, 422, code, field);
    };
    for status in ["", "failed", "canceled", "PENDING", "pending,parked", "%00"] {
        refused(&format!("status={status}"), "invalid_filter", "status").await;
    }
    for event in ["", "*", "lead.lost", "lead"] {
        refused(&format!("event={event}"), "invalid_filter", "event").await;
    }
    for limit in ["", "0", "-1", "101", "1e2", "ten", "18446744073709551616"] {
        refused(&format!("limit={limit}"), "invalid_filter", "limit").await;
    }
    for time in [
        "",
        "yesterday",
        "2026-03-26",
        "1774539000",
        "2026-13-01T00:00:00Z",
    ] {
        refused(&format!("since={time}"), "invalid_timestamp", "since").await;
        refused(&format!("until={time}"), "invalid_timestamp", "until").await;
    }
    let early = "2026-03-26T00:00:00Z";
    refused(&format!("since={early}&until={early}"), "invalid_span", "since").await;
    refused(
        &format!("since=2026-03-27T00:00:00Z&until={early}"),
        "invalid_span",
        "since",
    )
    .await;
    refused("state=pending", "invalid_filter", "state").await;
    refused("status=pending&status=parked", "invalid_filter", "status").await;
    assert_eq!(everything(&system), before);
    system.stop();
}
