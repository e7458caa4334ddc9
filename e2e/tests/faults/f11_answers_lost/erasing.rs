//! Erasing an event, with the answer of each of its scripts lost in turn.

use e2e::fault_proxy::{Cut, SCRIPT};
use e2e::receiver::Answer;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

use super::with_api_behind_proxy;
use crate::scene::store;

/// More than erasing an event that waits for a retry takes.
const SCRIPTS: usize = 9;

#[tokio::test(flavor = "multi_thread")]
async fn at_every_script_that_erases_an_event() {
    let (mut scene, proxy) = with_api_behind_proxy().await;
    let customer = scene.system.customer();
    scene.receiver.always(
        "/fails",
        Answer::status(500).body("what it got: maria@example.com"),
    );
    let mut cuts = 0;
    for lost in 0..=SCRIPTS {
        // One of its own, which is not disabled.
        let endpoint = customer
            .create_endpoint(&scene.receiver.url("/fails"), &["ticket.created"])
            .await;
        let event = scene
            .system
            .backend()
            .push(
                scene.system.account(),
                "ticket.created",
                json!({"email": "maria@example.com"}),
            )
            .await
            .id;
        let path = format!("/api/events/{event}");
        let deliveries = async |status: &str| {
            let trace = customer.get(&path).await.expect(200).body;
            let found = trace["deliveries"].as_array().unwrap();
            let found: Vec<_> = found
                .iter()
                .filter(|one| one["endpointId"] == endpoint.id.as_str())
                .collect();
            check(
                found.len() == 1 && found[0]["status"] == status,
                trace.to_string(),
            )
        };
        eventually(LONG, "its first attempt", async || deliveries("retrying").await).await;
        if lost > 0 {
            // The first time all scripts are loaded.
            proxy.cut(Cut::answer_of(SCRIPT).nth(lost));
        }
        let _reply = customer.delete(&path).await.expect(204);
        cuts = proxy.counters().answers_cut;
        assert_eq!(
            deliveries("canceled").await,
            Ok(()),
            "after answer {lost} was lost"
        );
        let delivery = format!("dlv_{}_{}", &event[4..], &endpoint.id[3..]);
        let detail = format!("/api/webhooks-config/{}/deliveries/{delivery}", endpoint.id);
        let detail = customer.get(&detail).await.expect(200);
        assert_eq!(detail.body["payload"], Value::Null);
        assert!(!detail.text.contains("maria"), "{}", detail.text);
        customer.remove_endpoint(&endpoint.id).await;
    }
    assert!(cuts >= 5, "only {cuts} answers were lost");
    let report = store(&scene.system.redis).check().await.unwrap();
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    scene.system.stop();
}
