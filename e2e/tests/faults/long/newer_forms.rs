//! The same with a million deliveries that are stored already.
//!
//! Proves (guarantees): programs of two releases work on one store

use e2e::account::Account;
use e2e::receiver::Answer;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::f15_storms::{STORM, accept_many};
use crate::newer_forms::{replaced_under_load, scene_of_before};
use crate::scene::store;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_forms_change_with_much_behind_them() {
    const COUNT: usize = 100_000;
    let (mut scene, program) = scene_of_before().await;
    let customer = scene.system.customer_of("org_storm");
    for number in 0..10 {
        let path = format!("/{number}");
        scene.receiver.always(&path, Answer::status(410));
        customer.create_endpoint(&scene.receiver.url(&path), &["*"]).await;
    }
    let backend = scene.system.backend();
    let first = backend.push(STORM, "lead.captured", json!({})).await;
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
    let mut parked = accept_many(&store(&scene.system.redis), COUNT).await;
    parked.push(first);
    let loaded = replaced_under_load(&mut scene, program).await;
    let balance = Account::of(&scene.system)
        .at(&scene.receiver)
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
    scene.system.stop();
}
