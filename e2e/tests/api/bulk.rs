//! Switching many endpoints on or off at once.

use e2e::client::{Caller, Reply};
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api, assert_refused, everything, refuses};

const BULK: &str = "/api/webhooks-config/bulk";
const URL: &str = "http://127.0.0.1:9000/";

async fn some(customer: &Caller, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(customer.create_endpoint(URL, &["*"]).await.id);
    }
    ids
}

async fn with_tags(caller: &Caller, tags: &str, body: &Value) -> Reply {
    let request = caller.request(Method::PATCH, BULK).header("if-match", tags);
    Caller::send(request.json(body)).await
}

fn statuses(reply: &Reply) -> Vec<u64> {
    let results = reply.body["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn each_of_many_endpoints_is_switched_and_answered_by_itself() {
    let mut system = api().await;
    let customer = system.customer();
    let ids = some(&customer, 3).await;
    let strange = system
        .customer_of("org_2other")
        .create_endpoint(URL, &["*"])
        .await
        .id;
    let named = json!([ids[0], "ep_0000000000000000", ids[1], "whatever", strange]);
    for path in [BULK, ENDPOINTS] {
        for (wanted, active, state) in [
            (json!({"active": false}), false, "off"),
            (json!({"state": "active", "parked": "discard"}), true, "active"),
            (json!({"state": "paused"}), false, "paused"),
            (json!({"active": false}), false, "paused"),
            (json!({"state": "off", "active": false}), false, "off"),
            (json!({"active": true}), true, "active"),
        ] {
            let mut body = wanted.clone();
            body["ids"] = named.clone();
            let reply = customer.patch(path, &body).await.expect(200);
            assert_eq!(statuses(&reply), [200, 404, 200, 404, 404], "{path} {wanted}");
            assert_eq!(
                (&reply.body["changed"], &reply.body["rejected"]),
                (&json!(2), &json!(3))
            );
            for (place, result) in reply.body["results"].as_array().unwrap().iter().enumerate() {
                assert_eq!(result["id"], named[place]);
                if result["status"] == 200 {
                    let endpoint = &result["endpoint"];
                    assert_eq!(endpoint["id"], named[place]);
                    assert_eq!(
                        (&endpoint["active"], &endpoint["state"]),
                        (&json!(active), &json!(state))
                    );
                    let id = named[place].as_str().unwrap();
                    assert_eq!(customer.endpoint(id).await["etag"], endpoint["etag"]);
                } else {
                    assert_eq!(result["error"]["code"], "endpoint_not_found");
                    assert!(result.get("endpoint").is_none());
                }
            }
        }
    }
    assert_eq!(
        customer.endpoint(&ids[2]).await["active"],
        true,
        "nobody named it"
    );
    assert_eq!(
        system.customer_of("org_2other").endpoint(&strange).await["active"],
        true
    );
    system.stop();
}

#[tokio::test]
async fn many_are_switched_only_as_they_were_seen() {
    let mut system = api().await;
    let customer = system.customer();
    let ids = some(&customer, 3).await;
    let mut tags = Vec::new();
    for id in &ids {
        tags.push(customer.endpoint(id).await["etag"].as_str().unwrap().to_owned());
    }
    customer.toggle(&ids[1]).await;
    let reply = with_tags(&customer, &tags.join(", "), &json!({"ids": ids, "active": false})).await;
    assert_eq!(statuses(&reply.clone().expect(200)), [200, 412, 200]);
    assert_eq!(reply.body["results"][1]["error"]["code"], "precondition_failed");
    system.stop();
}

#[tokio::test]
async fn a_request_about_many_that_is_wrong_changes_none() {
    let mut system = api().await;
    let customer = system.customer();
    let ids = some(&customer, 1).await;
    let before = everything(&system);
    let many = vec![ids[0].clone(); 101];
    for (body, code, field) in [
        (json!({"ids": ids}), "missing_field", "active"),
        (json!({"ids": [], "active": true}), "invalid_value", "ids"),
        (json!({"ids": many, "active": false}), "invalid_value", "ids"),
        (
            json!({"ids": ids, "active": true, "state": "off"}),
            "invalid_value",
            "state",
        ),
        (
            json!({"ids": ids, "state": "suspended"}),
            "invalid_value",
            "state",
        ),
        (
            json!({"ids": ids, "active": true, "state": "paused"}),
            "invalid_value",
            "state",
        ),
        (json!({"ids": ids, "active": null}), "invalid_type", "active"),
        (json!({"ids": [7], "active": false}), "invalid_type", "ids[0]"),
        (
            json!({"ids": ids, "active": false, "url": URL}),
            "unknown_field",
            "url",
        ),
        (
            json!({"ids": ids, "id": ids[0], "active": false}),
            "unknown_field",
            "id",
        ),
        (
            json!({"ids": ids, "active": false, "parked": "keep"}),
            "invalid_value",
            "parked",
        ),
    ] {
        for path in [BULK, ENDPOINTS] {
            refuses(
                &customer,
                Method::PATCH,
                path,
                body.to_string(),
                (422, code, field),
            )
            .await;
        }
    }
    let body = json!({"ids": ids, "active": false}).to_string();
    let path = format!("{ENDPOINTS}?id={}", ids[0]);
    refuses(
        &customer,
        Method::PATCH,
        &path,
        body,
        (422, "invalid_value", "id"),
    )
    .await;
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn ten_endpoints_count_as_one_call() {
    let mut system = System::builder()
        .workers(0)
        .api_env("RATE_LIMIT_DASHBOARD", "50")
        .start()
        .await;
    let customer = system.customer();
    let id = some(&customer, 1).await.remove(0);
    let left = |reply: &Reply| {
        let text = reply.headers["ratelimit"].to_str().unwrap();
        let (_, left) = text.split_once("r=").unwrap();
        left.split(';').next().unwrap().parse::<u32>().unwrap()
    };
    let mut expected = left(&customer.get(ENDPOINTS).await);
    for (count, calls) in [(1, 1), (10, 1), (11, 2), (100, 10)] {
        let body = json!({"ids": vec![id.clone(); count], "active": false});
        let reply = customer.patch(BULK, &body).await.expect(200);
        expected -= calls;
        assert_eq!(left(&reply), expected, "{count}");
    }
    // Whoever has not enough left gets none of them changed.
    while expected > 3 {
        expected = left(&customer.get(ENDPOINTS).await);
    }
    let body = json!({"ids": vec![id.clone(); 100], "active": true});
    let reply = customer.patch(BULK, &body).await;
    assert_refused(&Method::PATCH, BULK, &reply, 429, "rate_limited", "");
    let list = customer.get(ENDPOINTS).await.expect(200);
    assert_eq!(list.body["endpoints"][0]["active"], false);
    system.stop();
}
