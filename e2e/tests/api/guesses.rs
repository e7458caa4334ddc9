//! Calls as people guess them: endpoints named in the path, the query or the body, and what a mistake is told.
//!
//! Proves (security): A request that names two endpoints changes none

use e2e::client::{Caller, Reply};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, EVENTS, api, api_with_endpoint, everything, refuses};

const UNKNOWN_ID: &str = "ep_0000000000000000";

async fn delete_with(caller: &Caller, path: &str, body: &str) -> Reply {
    let request = caller.request(Method::DELETE, path).body(body.to_owned());
    Caller::send(request.header("content-type", "application/json")).await
}

#[tokio::test]
async fn an_endpoint_is_changed_by_its_path_and_never_toggled() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let path = format!("{ENDPOINTS}/{id}");
    let before = everything(&system);
    for nothing in [json!({}), json!({"id": id}), json!({"parked": "discard"})] {
        let reply = customer.patch(&path, &nothing).await.expect(200);
        assert_eq!(reply.body["active"], true);
        assert_eq!(everything(&system), before, "{nothing}");
    }
    let change = json!({"active": false, "description": "by path"});
    let changed = customer.patch(&path, &change).await.expect(200).body;
    assert_eq!(
        (&changed["active"], &changed["description"], &changed["id"]),
        (&json!(false), &json!("by path"), &json!(id))
    );
    // The query may name it, too; then, as by path, only a body that does so alone is a toggle.
    let in_query = format!("{ENDPOINTS}?id={id}");
    let reply = customer.patch(&in_query, &json!({})).await.expect(200);
    assert_eq!(reply.body["active"], false);
    let reply = customer
        .patch(&in_query, &json!({"description": null}))
        .await
        .expect(200);
    assert_eq!(reply.body["description"], Value::Null);
    assert_eq!(customer.toggle(&id).await["active"], true);
    system.stop();
}

#[tokio::test]
async fn an_endpoint_is_removed_by_its_path_its_query_or_a_body() {
    let (mut system, customer, _) = api_with_endpoint().await;
    for (path, body) in [
        ("/{}", ""),
        ("/{}", "{}"),
        ("/{}", r#"{"id":"{}"}"#),
        ("?id={}", ""),
        ("?id={}", "null"),
        ("?id={}", r#"{"id":"{}"}"#),
        ("?id={}", "[whatever"),
        ("", r#"{"id":"{}"}"#),
        ("", r#" {"id":"{}","more":1} "#),
    ] {
        let id = customer
            .create_endpoint("http://127.0.0.1:9000/", &["*"])
            .await
            .id;
        let named = |text: &str| text.replacen("{}", &id, usize::from(text != "{}"));
        let path = format!("{ENDPOINTS}{}", named(path));
        let reply = delete_with(&customer, &path, &named(body)).await;
        assert_eq!((reply.status, reply.text.as_str()), (204, ""), "{path} {body}");
        let gone = customer.get(&format!("{ENDPOINTS}/{id}")).await;
        assert_eq!(gone.code(), "endpoint_not_found");
    }
    system.stop();
}

#[tokio::test]
async fn a_request_that_names_two_endpoints_or_none_changes_nothing() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let other = customer
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    let before = everything(&system);
    let (by_path, by_query) = (format!("{ENDPOINTS}/{id}"), format!("{ENDPOINTS}?id={id}"));
    let two = (422, "invalid_value", "id");
    for wrong in [other.as_str(), UNKNOWN_ID, ""] {
        let body = json!({"id": wrong, "active": false}).to_string();
        for path in [&by_path, &by_query] {
            refuses(&customer, Method::PATCH, path, body.clone(), two).await;
            refuses(&customer, Method::DELETE, path, body.clone(), two).await;
        }
    }
    let twice = format!("{by_query}&id={other}");
    refuses(&customer, Method::DELETE, &twice, "", two).await;
    refuses(&customer, Method::PATCH, &twice, "{}", two).await;
    let none = (422, "missing_field", "id");
    for body in ["", "{}", "null", "[]", r#"{"id":null}"#, r#"{"id":7}"#, "id=1"] {
        refuses(&customer, Method::DELETE, ENDPOINTS, body, none).await;
    }
    refuses(&customer, Method::PATCH, ENDPOINTS, "{}", none).await;
    refuses(&customer, Method::PATCH, &by_path, "", (400, "invalid_json", "")).await;
    let wrong = r#"{"urll":"x"}"#;
    refuses(
        &customer,
        Method::PATCH,
        &by_path,
        wrong,
        (422, "unknown_field", "urll"),
    )
    .await;
    let long = vec![b' '; (16 << 10) + 1];
    refuses(
        &customer,
        Method::DELETE,
        &by_path,
        long,
        (413, "body_too_large", ""),
    )
    .await;
    let unknown = format!("{ENDPOINTS}/{UNKNOWN_ID}");
    let not_found = (404, "endpoint_not_found", "");
    refuses(&customer, Method::PATCH, &unknown, "{}", not_found).await;
    refuses(&customer, Method::DELETE, &unknown, "", not_found).await;
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn a_parameter_that_a_call_does_not_take_is_refused_if_it_may_have_been_meant() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    let one = format!("{ENDPOINTS}/{id}");
    let (get, patch, delete) = (Method::GET, Method::PATCH, Method::DELETE);
    for (method, path, body, name) in [
        (&get, format!("{ENDPOINTS}?status=failed"), "", "status"),
        (&get, format!("{ENDPOINTS}?Limit=5"), "", "Limit"),
        (&get, format!("{one}?curser=5"), "", "curser"),
        (&get, "/api/webhooks-summary?since=x".to_owned(), "", "since"),
        // Of what the new calls don't take, nothing was ever ignored.
        (&patch, format!("{one}?dry=1"), "{}", "dry"),
        (&patch, format!("{one}?id={id}"), "{}", "id"),
        (&delete, format!("{one}?force=true"), "", "force"),
    ] {
        refuses(
            &customer,
            method.clone(),
            &path,
            body,
            (422, "unknown_parameter", name),
        )
        .await;
    }
    refuses(
        &system.backend(),
        Method::POST,
        &format!("{EVENTS}?limit=1"),
        "",
        (422, "unknown_parameter", "limit"),
    )
    .await;
    assert_eq!(everything(&system), before);
    for path in [
        format!("{ENDPOINTS}?_=1&utm_source=mail"),
        format!("{one}?pretty"),
    ] {
        let _reply = customer.get(&path).await.expect(200);
    }
    system.stop();
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_told_which_call_does_it() {
    let mut system = api().await;
    let customer = system.customer();
    let path = format!("{ENDPOINTS}/{UNKNOWN_ID}");
    let reply = Caller::send(customer.request(Method::PUT, &path)).await;
    assert_told(
        &reply,
        "This path takes DELETE (remove one endpoint), GET (get one endpoint), PATCH (change one endpoint).",
    );
    assert_eq!(reply.headers["allow"], "DELETE, GET, HEAD, PATCH");
    let wrong = customer.get(&format!("{ENDPOINTS}/{UNKNOWN_ID}/retry")).await;
    assert_told(&wrong, "This path takes POST (retry now).");
    let page = customer.post("/docs", &json!({})).await;
    assert_told(&page, "This path takes GET.");
    system.stop();
}

#[track_caller]
fn assert_told(reply: &Reply, detail: &str) {
    assert_eq!((reply.status, reply.code()), (405, "method_not_allowed"));
    assert_eq!(reply.body["detail"], detail);
}
