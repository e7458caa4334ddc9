//! What a customer reads of an endpoint's deliveries, page after page.

use serde_json::Value;

use crate::client::Caller;

/// All deliveries of an endpoint that `query` chooses (`limit=100&status=exhausted`), as the API lists them.
///
/// # Panics
///
/// When the API answers something else.
pub async fn deliveries(customer: &Caller, endpoint: &str, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/webhooks-config/{endpoint}/deliveries?{query}{cursor}");
        let page = customer.get(&path).await.expect(200).body;
        found.extend(page["deliveries"].as_array().unwrap().clone());
        let Some(next) = page["nextCursor"].as_str() else {
            return found;
        };
        cursor = format!("&cursor={next}");
    }
}
