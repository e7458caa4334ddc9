//! Deliveries, replays and cursors that belong to another endpoint, or to nobody.
//!
//! Proves (security): Cursors are authenticated and bound to account, endpoint and filter

use e2e::client::Caller;
use reqwest::Method;
use serde_json::json;

use crate::fixture::{api, assert_refused, everything};
use crate::log_scene::text;

/// Another account's endpoints and deliveries are as unknown as those that don't exist.
#[tokio::test]
async fn what_belongs_to_somebody_else_is_unknown() {
    let mut system = api().await;
    let (customer, stranger) = (system.customer(), system.customer_of("org_2other"));
    let url = "http://127.0.0.1:9000/";
    let own = customer.create_endpoint(url, &["*"]).await.id;
    let second = customer.create_endpoint(url, &["*"]).await.id;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let path = |endpoint: &str, rest: &str| format!("/api/webhooks-config/{endpoint}/{rest}");
    let pending = customer
        .get(&path(&own, "deliveries?status=pending"))
        .await
        .expect(200);
    let delivery = text(&pending.body["deliveries"][0], "id");
    let replay = "rpl_01kmnv6c4e8g2j6m0p4r8t2w6y";
    let before = everything(&system);
    let unknown = delivery.replace("dlv_0", "dlv_7");
    // Ids of the first and of the last moment that an id can name.
    let [first, last] = ["0", "z"].map(|fill| format!("dlv_7{}{}", fill.repeat(25), &delivery[30..]));
    let first = first.replace("dlv_7", "dlv_0");
    let below = |endpoint: &str, delivery: &str| {
        [
            (Method::GET, path(endpoint, &format!("deliveries/{delivery}"))),
            (
                Method::POST,
                path(endpoint, &format!("deliveries/{delivery}/replay")),
            ),
        ]
    };
    let refused = async |caller: &Caller, (method, path): &(Method, String), code: &str| {
        let reply = Caller::send(caller.request(method.clone(), path)).await;
        assert_refused(method, path, &reply, 404, code, "");
    };
    for endpoint in [own.as_str(), "ep_0000000000000000", "ep_", "x"] {
        let mut calls = below(endpoint, &delivery).to_vec();
        calls.extend(below(endpoint, "x"));
        calls.push((Method::GET, path(endpoint, "deliveries")));
        calls.push((Method::GET, path(endpoint, "deliveries/stream")));
        for method in [Method::GET, Method::DELETE] {
            calls.push((method.clone(), path(endpoint, &format!("replays/{replay}"))));
            calls.push((method, path(endpoint, "replays/x")));
        }
        for call in &calls {
            refused(&stranger, call, "endpoint_not_found").await;
        }
        let start = path(endpoint, "replay");
        for body in [json!({"since": "2026-03-26T00:00:00Z", "until": "2026-03-27T00:00:00Z"})] {
            for dry in [false, true] {
                let mut body = body.clone();
                body["dryRun"] = dry.into();
                let reply = stranger.post(&start, &body).await;
                assert_refused(&Method::POST, &start, &reply, 404, "endpoint_not_found", "");
            }
        }
    }
    for id in [
        unknown.as_str(),
        &first,
        &last,
        &delivery.to_uppercase(),
        "dlv_",
        "*",
        "%00",
        &"x".repeat(5000),
    ] {
        for call in &below(&own, id) {
            refused(&customer, call, "delivery_not_found").await;
        }
    }
    // Of another endpoint of the same account.
    for call in &below(&second, &delivery) {
        refused(&customer, call, "delivery_not_found").await;
    }
    for id in [replay, "rpl_", "x", &delivery] {
        for method in [Method::GET, Method::DELETE] {
            let call = (method, path(&own, &format!("replays/{id}")));
            refused(&customer, &call, "replay_not_found").await;
        }
    }
    assert_eq!(everything(&system), before);
    system.stop();
}
