//! The log of all endpoints of an account: its filters, its pages, and what it lists besides deliveries.
//!
//! Proves (guarantees): a page of the account's log never repeats or skips a delivery because something arrived

use std::collections::BTreeSet;

use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api_with_endpoint, assert_refused};
use crate::log_scene::{HOOK, LogScene, ids, text};

const LOG: &str = "/api/webhooks-deliveries";

async fn page(scene: &LogScene, query: &str) -> Value {
    scene
        .customer
        .get(&format!("{LOG}?{query}"))
        .await
        .expect(200)
        .body
}

/// All items of a listing, read in pages of this many.
async fn all(scene: &LogScene, query: &str, limit: usize) -> (Vec<Value>, Vec<Value>) {
    let (mut deliveries, mut canceled) = (Vec::new(), Vec::new());
    let mut cursor = String::new();
    loop {
        let page = page(scene, &format!("{query}&limit={limit}{cursor}")).await;
        let items = |name: &str| page[name].as_array().unwrap().clone();
        assert!(
            items("deliveries").len() + items("canceled").len() <= limit,
            "{page}"
        );
        deliveries.extend(items("deliveries"));
        canceled.extend(items("canceled"));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (deliveries, canceled),
        }
    }
}

/// The listed deliveries, once there are this many.
async fn listed(scene: &LogScene, query: &str, count: usize) -> Vec<Value> {
    eventually(LONG, &format!("{count} deliveries of {query}"), async || {
        let (found, _) = all(scene, query, 100).await;
        check(found.len() == count, format!("{found:?}")).map(|()| found.clone())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deliveries_of_all_endpoints_are_listed_together_newest_first_by_every_filter() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "1h")).await;
    let other = scene
        .customer
        .create_endpoint(&scene.receiver.url(HOOK), &["lead.captured"])
        .await
        .id;
    let first = scene.push(json!({})).await;
    listed(&scene, "", 2).await;
    let backend = scene.system.backend();
    let item = json!({"accountId": scene.system.account(), "event": "ticket.created", "chatbotId": "bot_2", "data": {"then": 500}});
    let second = backend.push_batch(&[item]).await.remove(0);
    let found = listed(&scene, "", 3).await;
    let times: Vec<_> = found
        .iter()
        .map(|delivery| text(delivery, "lastAttemptAt"))
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    assert_eq!(found[0]["eventId"], second.id);
    let endpoints: BTreeSet<_> = found
        .iter()
        .map(|delivery| text(delivery, "endpointId"))
        .collect();
    assert_eq!(endpoints, BTreeSet::from([scene.endpoint.clone(), other.clone()]));
    // Each is as its endpoint's listing shows it.
    for (endpoint, of_endpoint) in [(&scene.endpoint, 2), (&other, 1)] {
        let path = format!("{ENDPOINTS}/{endpoint}/deliveries");
        let alone = scene.customer.get(&path).await.expect(200).body;
        let alone = alone["deliveries"].as_array().unwrap();
        assert_eq!(alone.len(), of_endpoint);
        assert!(
            alone.iter().all(|delivery| found.contains(delivery)),
            "{alone:?} {found:?}"
        );
        assert_eq!(
            listed(&scene, &format!("endpointId={endpoint}"), of_endpoint).await,
            *alone
        );
    }
    for (query, count) in [
        ("status=succeeded", 2),
        ("status=retrying", 1),
        ("status=retrying&status=succeeded", 3),
        ("status=retrying,succeeded,parked", 3),
        ("status=exhausted", 0),
        ("status=pending,in_flight,quarantined,parked,canceled", 0),
        ("event=lead.captured", 2),
        ("event=ticket.created", 1),
        ("chatbotId=bot_2", 1),
        ("chatbotId=bot_1", 2),
        ("chatbotId=nobody", 0),
        ("since=2020-01-01T00:00:00Z", 3),
        ("until=2020-01-01T00:00:00Z", 0),
        ("since=2099-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(all(&scene, query, 1).await.0.len(), count, "{query}");
        assert_eq!(all(&scene, query, 100).await.0.len(), count, "{query}");
    }
    for (query, count) in [
        ("", 2),
        ("&status=succeeded", 2),
        ("&status=retrying", 0),
        ("&chatbotId=bot_2", 0),
    ] {
        let query = format!("eventId={}{query}", first.id);
        assert_eq!(listed(&scene, &query, count).await.len(), count);
    }
    assert_eq!(page(&scene, "").await["completeSince"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_listed_endpoint_by_endpoint_and_what_was_discarded_by_its_number() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "1h")).await;
    let other = scene
        .customer
        .create_endpoint(&scene.receiver.url(HOOK), &["*"])
        .await
        .id;
    scene.push(json!({"then": 500})).await;
    listed(&scene, "status=retrying", 2).await;
    for id in [&scene.endpoint, &other] {
        let off = json!({"id": id, "active": false});
        let _reply = scene.customer.patch(ENDPOINTS, &off).await.expect(200);
    }
    let parked = listed(&scene, "status=parked", 2).await;
    assert!(
        parked.iter().all(|delivery| delivery["status"] == "parked"),
        "{parked:?}"
    );
    assert_eq!(
        ids(&all(&scene, "status=parked,succeeded", 1).await.0),
        ids(&parked)
    );
    let discard = json!({"id": other, "active": true, "parked": "discard"});
    let _reply = scene.customer.patch(ENDPOINTS, &discard).await.expect(200);
    let canceled = eventually(LONG, "the line", async || {
        let (deliveries, canceled) = all(&scene, "status=canceled", 10).await;
        assert!(deliveries.is_empty(), "{deliveries:?}");
        check(canceled.len() == 1, "none").map(|()| canceled.clone())
    })
    .await;
    assert_eq!(
        (&canceled[0]["endpointId"], &canceled[0]["count"]),
        (&json!(other), &json!(1))
    );
    assert_eq!(all(&scene, "", 10).await.1, Vec::<Value>::new());
}

/// The first page says how things are; whatever comes later changes nothing about the pages to come.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_as_they_were_when_the_first_was_read() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "50ms, 1h")).await;
    for _ in 0..4 {
        scene
            .customer
            .create_endpoint(&scene.receiver.url(HOOK), &["*"])
            .await;
    }
    scene.push_many(20, &json!({})).await;
    let before: Vec<_> = listed(&scene, "", 100).await;
    for limit in [1, 7] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = page(&scene, &format!("limit={limit}{cursor}")).await;
            found.extend(ids(page["deliveries"].as_array().unwrap()));
            let Some(next) = page["nextCursor"].as_str() else {
                break;
            };
            if found.len() % 10 < limit {
                scene.push(json!({"then": 500})).await;
            }
            cursor = format!("&cursor={next}");
        }
        // What has come by the first page may be listed in front of all.
        let (newer, known) = found.split_at(found.len() - before.len());
        assert_eq!(known, ids(&before), "in pages of {limit}");
        let distinct: BTreeSet<_> = newer.iter().collect();
        assert_eq!(distinct.len(), newer.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_filters_are_refused_by_name() {
    let (system, customer, _) = api_with_endpoint().await;
    for (query, status, code, field) in [
        ("status=failed", 422, "invalid_filter", "status"),
        ("status=pending,", 422, "invalid_filter", "status"),
        ("state=pending", 422, "invalid_filter", "state"),
        ("event=lead", 422, "invalid_filter", "event"),
        ("eventId=1", 422, "invalid_filter", "eventId"),
        ("endpointId=1", 404, "endpoint_not_found", "endpointId"),
        (
            "endpointId=ep_0000000000000000",
            404,
            "endpoint_not_found",
            "endpointId",
        ),
        ("chatbotId=", 422, "invalid_chatbot_id", "chatbotId"),
        ("since=now", 422, "invalid_timestamp", "since"),
        (
            "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
            422,
            "invalid_span",
            "since",
        ),
        ("limit=0", 422, "invalid_filter", "limit"),
        ("limit=1&limit=2", 422, "invalid_filter", "limit"),
        ("cursor=abc", 422, "invalid_cursor", "cursor"),
    ] {
        let path = format!("{LOG}?{query}");
        let reply = customer.get(&path).await;
        assert_refused(&Method::GET, &path, &reply, status, code, field);
    }
    system.finish().await;
}
