//! The same with 300,000 deliveries that are stored already.
//!
//! Proves (guarantees): programs of two releases work on one store

use e2e::account::Account;
use serde_json::json;

use crate::f15_storms::accept_many;
use crate::newer_forms::{replaced_under_load, scene_of_before};
use crate::scene::store;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_forms_change_with_much_behind_them() {
    const COUNT: usize = 100_000;
    let (mut scene, program) = scene_of_before().await;
    let customer = scene.system.customer_of("org_storm");
    for path in ["/a", "/b", "/c"] {
        let endpoint = customer.create_endpoint(&scene.receiver.url(path), &["*"]).await;
        let patch = json!({"id": endpoint.id, "active": false});
        assert_eq!(customer.patch("/api/webhooks-config", &patch).await.status, 200);
    }
    let parked = accept_many(&store(&scene.system.redis), COUNT).await;
    let loaded = replaced_under_load(&mut scene, program).await;
    let balance = Account::of(&scene.system)
        .at(&scene.receiver)
        .accepted(parked)
        .accepted(loaded.accepted)
        .balance()
        .await;
    assert_eq!(
        balance.delivered + balance.parked,
        balance.deliveries,
        "{balance:?}"
    );
    scene.system.stop();
}
