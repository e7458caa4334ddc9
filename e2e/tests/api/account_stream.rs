//! The live stream of all endpoints of an account.
//!
//! Proves (guarantees): the account's live stream is resumed after a break, at any of its events: nothing is left out, nothing comes twice

use std::collections::BTreeSet;

use e2e::system::System;
use serde_json::json;

use crate::fixture::ENDPOINTS;
use crate::listener::Listener;
use crate::log_scene::{HOOK, LogScene, text};

const STREAM: &str = "/api/webhooks-deliveries/stream";

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_tells_what_happens_at_all_endpoints_also_at_those_made_since() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "")).await;
    let other = scene
        .customer
        .create_endpoint(&scene.receiver.url(HOOK), &["*"])
        .await
        .id;
    let (mut listener, _) = Listener::start(&scene.customer, STREAM, None).await;
    scene.push(json!({"then": 500})).await;
    let attempts = listener.events(&["attempt", "attempt"]).await;
    let endpoints: BTreeSet<_> = attempts
        .iter()
        .map(|event| text(&event.data, "endpointId"))
        .collect();
    assert_eq!(endpoints, BTreeSet::from([scene.endpoint.clone(), other.clone()]));
    assert!(attempts.iter().all(|event| event.data["outcome"] == "exhausted"));
    scene.customer.remove_endpoint(&other).await;
    let off = json!({"id": scene.endpoint, "active": false});
    let _reply = scene.customer.patch(ENDPOINTS, &off).await.expect(200);
    let state = listener.events(&["state"]).await.remove(0);
    assert_eq!(
        (&state.data["endpointId"], &state.data["state"]),
        (&json!(scene.endpoint), &json!("off"))
    );
    let third = scene
        .customer
        .create_endpoint(&scene.receiver.url(HOOK), &["*"])
        .await
        .id;
    scene.push(json!({})).await;
    let attempt = listener.events(&["attempt"]).await.remove(0);
    assert_eq!(attempt.data["endpointId"], json!(third));
}

/// Each attempt comes once and in one order, wherever the client breaks off, also at one of several attempts of one moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_goes_on_behind_any_event_and_neither_misses_nor_repeats_one() {
    let scene = LogScene::start(System::builder()).await;
    for _ in 0..4 {
        scene
            .customer
            .create_endpoint(&scene.receiver.url(HOOK), &["*"])
            .await;
    }
    let (mut listener, beginning) = Listener::start(&scene.customer, STREAM, None).await;
    scene.push_many(12, &json!({})).await;
    let all = listener.events(&["attempt"; 60]).await;
    let ids: Vec<_> = all.iter().map(|event| text(&event.data, "deliveryId")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 60);
    let times: Vec<_> = all.iter().map(|event| text(&event.data, "at")).collect();
    assert!(times.is_sorted(), "{times:?}");
    let mut places: Vec<Option<String>> = vec![Some(beginning)];
    places.extend(all.iter().map(|event| event.id.clone()));
    for (known, place) in places.iter().enumerate().step_by(7) {
        let (mut again, _) = Listener::start(&scene.customer, STREAM, place.as_deref()).await;
        let rest = again.events(&vec!["attempt"; 60 - known]).await;
        let rest: Vec<_> = rest.iter().map(|event| text(&event.data, "deliveryId")).collect();
        assert_eq!(rest, ids[known..], "behind {known}");
    }
    // The id of another stream is none.
    let (_, other) = Listener::start(&scene.customer, &scene.path("deliveries/stream"), None).await;
    Listener::start_with_gap(&scene.customer, STREAM, Some(&other)).await;
}
