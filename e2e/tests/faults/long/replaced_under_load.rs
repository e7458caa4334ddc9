//! The same with a million deliveries that are stored already; old programs have accepted them, where there are some.
//!
//! Proves (guarantees): programs of two releases work on one store

use e2e::account::Account;
use e2e::before;
use e2e::receiver::Answer;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::f15_storms::{STORM, accept_many};
use crate::replaced_under_load::Before;
use crate::scene::store;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_forms_change_with_much_behind_them() {
    const COUNT: usize = 100_000;
    let mut replaced = Before::start().await;
    let scene = &replaced.scene;
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
    if before::programs().is_some() {
        let event = json!({"accountId": STORM, "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
        let batch = vec![event; 1000];
        for _ in 0..COUNT / batch.len() {
            parked.extend(backend.push_batch(&batch).await);
        }
    } else {
        // In the form of before as well, and faster.
        parked.extend(accept_many(&store(&scene.system.redis), COUNT).await);
    }

    let loaded = replaced.upgrade().await;
    let balance = Account::of(&replaced.scene.system)
        .at(&replaced.scene.receiver)
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
    replaced.there_is_no_way_back();
    replaced.scene.system.stop();
}
