//! Headers of an endpoint's own over HTTP: what is refused, and that nobody reads a value again.
//!
//! Proves (security): Values of an endpoint's own headers are never shown

use e2e::client::Caller;
use e2e::state::connect;
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api, api_with_endpoint, assert_refused, everything};

fn wanted(headers: &Value) -> Value {
    json!({"url": "http://127.0.0.1:9000/hook", "events": ["*"], "headers": headers})
}

#[tokio::test]
async fn values_are_written_and_never_read() {
    let mut system = api().await;
    let customer = system.customer();
    let made = customer
        .post(
            ENDPOINTS,
            &wanted(&json!({"Authorization": "Bearer s3cret-1", "X-Env": "prod-s3cret"})),
        )
        .await
        .expect(201);
    assert_eq!(made.body["headers"], json!(["authorization", "x-env"]));
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("{ENDPOINTS}/{id}");
    let change = json!({"headers": {"x-env": null, "X-More": "more-s3cret"}});
    let changed = customer.patch(&path, &change).await.expect(200);
    assert_eq!(changed.body["headers"], json!(["authorization", "x-more"]));
    let renamed = customer
        .patch(&path, &json!({"description": "s"}))
        .await
        .expect(200);
    assert_eq!(renamed.body["headers"], changed.body["headers"]);
    for reply in [
        &made,
        &changed,
        &customer.get(&path).await.expect(200),
        &customer.get(ENDPOINTS).await.expect(200),
    ] {
        assert!(!reply.text.contains("s3cret"), "{}", reply.text);
    }
    let kept: Vec<(String, String)> = connect(&system.redis)
        .hgetall(format!("wh:{{0}}:endpoint:{id}"))
        .unwrap();
    assert!(!format!("{kept:?}").contains("s3cret"));

    // A change of the headers alone is no toggle, and one that says nothing changes nothing.
    let same = customer
        .patch(ENDPOINTS, &json!({"id": id, "headers": {}}))
        .await
        .expect(200);
    assert_eq!(
        (&same.body["active"], &same.body["etag"]),
        (&json!(true), &renamed.body["etag"])
    );
    let elsewhere = customer
        .patch(&path, &json!({"url": "http://127.0.0.1:9001/hook"}))
        .await
        .expect(200);
    assert_eq!(elsewhere.body["headers"], json!([]), "another origin");
    let both = json!({"url": "http://127.0.0.1:9002/hook", "headers": {"x-new": "1", "x-more": null}});
    let both = customer.patch(&path, &both).await.expect(200);
    assert_eq!(both.body["headers"], json!(["x-new"]));
    let none = customer.patch(&path, &json!({"headers": null})).await.expect(200);
    assert_eq!(none.body["headers"], json!([]));
    system.stop();
}

#[tokio::test]
async fn what_an_endpoint_may_not_have_is_refused_with_its_name() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let path = format!("{ENDPOINTS}/{id}");
    let before = everything(&system);
    let long = "x".repeat(8 * 1024);
    let many: serde_json::Map<String, Value> = (0..21)
        .map(|number| (format!("x-{number}"), json!("1")))
        .collect();
    for (headers, code, field) in [
        (json!({"Host": "a"}), "header_not_allowed", "headers.Host"),
        (
            json!({"X-RKT-Event": "a"}),
            "header_not_allowed",
            "headers.X-RKT-Event",
        ),
        (
            json!({"webhook-id": "a"}),
            "header_not_allowed",
            "headers.webhook-id",
        ),
        (
            json!({"Content-Type": "a"}),
            "header_not_allowed",
            "headers.Content-Type",
        ),
        (
            json!({"connection": "a"}),
            "header_not_allowed",
            "headers.connection",
        ),
        (
            json!({"X-Forwarded-For": "1.2.3.4"}),
            "header_not_allowed",
            "headers.X-Forwarded-For",
        ),
        (json!({"a b": "a"}), "invalid_header", "headers.a b"),
        (json!({"": "a"}), "invalid_header", "headers."),
        (json!({"x-a": "a\r\nx-b: c"}), "invalid_header", "headers.x-a"),
        (json!({"x-a": "é"}), "invalid_header", "headers.x-a"),
        (json!({"x-a": ""}), "invalid_header", "headers.x-a"),
        (json!({"x-a": "1", "X-A": "2"}), "invalid_header", "headers.x-a"),
        (json!({"x-a": 1}), "invalid_type", "headers.x-a"),
        (json!(["x-a"]), "invalid_type", "headers"),
        (json!({"x-a": long}), "too_many_headers", "headers"),
        (Value::Object(many), "too_many_headers", "headers"),
    ] {
        let created = customer.post(ENDPOINTS, &wanted(&headers)).await;
        assert_refused(&Method::POST, ENDPOINTS, &created, 422, code, field);
        let changed = customer.patch(&path, &json!({"headers": headers})).await;
        assert_refused(
            &Method::PATCH,
            &format!("{ENDPOINTS}/{{id}}"),
            &changed,
            422,
            code,
            field,
        );
        assert_eq!(everything(&system).len(), before.len(), "{code} {field}");
    }
    // A new endpoint has nothing to remove.
    let created = customer.post(ENDPOINTS, &wanted(&json!({"x-a": null}))).await;
    assert_refused(
        &Method::POST,
        ENDPOINTS,
        &created,
        422,
        "invalid_type",
        "headers.x-a",
    );
    // All that is wrong is told at once.
    let two = json!({"url": "nowhere", "events": ["*"], "headers": {"host": "a", "x-b": "é"}});
    let refused = customer.post(ENDPOINTS, &two).await.expect(422);
    let fields: Vec<_> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["url", "headers.host", "headers.x-b"]);
    // Together with what is there already, it can be too much as well.
    let half = json!({"headers": {"x-1": "x".repeat(5000)}});
    assert_eq!(customer.patch(&path, &half).await.status, 200);
    let more = customer
        .patch(&path, &json!({"headers": {"x-2": "x".repeat(5000)}}))
        .await;
    assert_refused(
        &Method::PATCH,
        &format!("{ENDPOINTS}/{{id}}"),
        &more,
        422,
        "too_many_headers",
        "headers",
    );
    system.stop();
}

#[tokio::test]
async fn a_creation_that_is_sent_again_has_the_same_headers_or_conflicts() {
    let mut system = api().await;
    let customer = system.customer();
    let create = async |headers: Value| {
        let request = customer
            .request(Method::POST, ENDPOINTS)
            .header("idempotency-key", "k1");
        Caller::send(request.json(&wanted(&headers))).await
    };
    let first = create(json!({"x-a": "s3cret-1"})).await.expect(201);
    let again = create(json!({"X-A": "s3cret-1"})).await.expect(201);
    assert_eq!(first.body, again.body);
    for other in [json!({"x-a": "s3cret-2"}), json!({}), json!({"x-b": "s3cret-1"})] {
        assert_eq!(create(other).await.expect(409).code(), "idempotency_conflict");
    }
    system.stop();
}
