//! Whether an endpoint came to harm: what its customer reads of its deliveries.

use e2e::client::Caller;
use e2e::listing::deliveries;
use serde_json::Value;

/// How many attempts there were at an endpoint.
///
/// # Panics
///
/// When one of them failed.
pub(super) async fn attempts(customer: &Caller, endpoint: &str) -> u64 {
    let mut attempts = 0;
    for delivery in deliveries(customer, endpoint, "limit=100").await {
        // What makes room in a full budget, because no worker came for it, ends without an attempt.
        let made = delivery["attempts"].as_u64().unwrap();
        attempts += made;
        if made > 1 || !delivery["error"].is_null() {
            assert_unharmed(customer, endpoint, &delivery).await;
        }
    }
    attempts
}

/// Asserts that no attempt of a delivery failed.
async fn assert_unharmed(customer: &Caller, endpoint: &str, delivery: &Value) {
    let id = delivery["id"].as_str().unwrap();
    let path = format!("/api/webhooks-config/{endpoint}/deliveries/{id}");
    let shown = customer.get(&path).await.expect(200).body;
    let attempts = shown["attemptLog"].as_array().unwrap();
    let failed: Vec<_> = attempts
        .iter()
        .filter(|attempt| !attempt["error"].is_null())
        .collect();
    assert!(
        failed.is_empty(),
        "its receiver is well, and these attempts of {id} failed: {failed:#?}"
    );
}
