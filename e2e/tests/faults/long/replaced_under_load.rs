//! The same with a million deliveries that are stored already: those of before accepted them.
//!
//! Proves (guarantees): programs of two releases work on one store

use e2e::account::Account;
use e2e::receiver::Answer;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::f15_storms::STORM;
use crate::replaced_under_load::Before;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_forms_change_with_much_behind_them() {
    const BATCHES: usize = 100;
    let mut before = Before::start().await;
    let scene = &before.scene;
    let customer = scene.system.customer_of("org_storm");
    for number in 0..10 {
        let path = format!("/{number}");
        scene.receiver.always(&path, Answer::status(410));
        customer.create_endpoint(&scene.receiver.url(&path), &["*"]).await;
    }
    let backend = scene.system.backend();
    let mut parked = vec![backend.push(STORM, "lead.captured", json!({})).await];
    eventually(LONG, "all endpoints to be off", async || {
        let endpoints = customer.get("/api/webhooks-config").await.expect(200).body["endpoints"].clone();
        let are_off = endpoints
            .as_array()
            .unwrap()
            .iter()
            .all(|endpoint| endpoint["active"] == false);
        check(are_off, endpoints.to_string())
    })
    .await;
    let event = json!({"accountId": STORM, "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let batch = vec![event; 1000];
    for _ in 0..BATCHES {
        parked.extend(backend.push_batch(&batch).await);
    }

    let loaded = before.upgrade().await;
    let balance = Account::of(&before.scene.system)
        .at(&before.scene.receiver)
        .accepted(parked)
        .accepted(loaded.accepted)
        .balance()
        .await;
    assert!(balance.deliveries > 1_000_000, "{balance:?}");
    assert_eq!(
        balance.delivered + balance.parked,
        balance.deliveries,
        "{balance:?}"
    );
    before.there_is_no_way_back();
    before.scene.system.stop();
}
