//! Changes that depend on what the caller saw: `etag`, the header `ETag`, and `If-Match`. And who made a change.
//!
//! Proves (guarantees): a change with `If-Match` is made only to the endpoint that the caller saw

use e2e::clerk::Claims;
use e2e::client::{Caller, Reply};
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{DOCUMENT, ENDPOINTS, api, api_with_endpoint, assert_refused, everything};

async fn with(caller: &Caller, method: Method, path: &str, tag: &str, body: &Value) -> Reply {
    let request = caller.request(method, path).header("if-match", tag);
    Caller::send(request.json(body)).await
}

#[tokio::test]
async fn every_answer_with_an_endpoint_has_its_tag() {
    let mut system = api().await;
    let customer = system.customer();
    let wanted = json!({"url": "http://127.0.0.1:9000/", "events": ["*"]});
    let made = customer.post(ENDPOINTS, &wanted).await.expect(201);
    let tag = made.body["etag"].as_str().unwrap();
    assert!(
        tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'),
        "{tag}"
    );
    assert_eq!(made.headers["etag"], tag);
    let path = format!("{ENDPOINTS}/{}", made.body["id"].as_str().unwrap());
    let one = customer.get(&path).await.expect(200);
    assert_eq!(
        (&one.body["etag"], one.headers["etag"].to_str().unwrap()),
        (&json!(tag), tag)
    );
    let list = customer.get(ENDPOINTS).await.expect(200);
    assert_eq!(list.body["endpoints"][0]["etag"], tag);

    let changed = customer
        .patch(&path, &json!({"description": "new"}))
        .await
        .expect(200);
    let new = changed.headers["etag"].to_str().unwrap();
    assert_eq!(changed.body["etag"], new);
    assert_ne!(new, tag);
    assert_eq!(
        customer.endpoint(made.body["id"].as_str().unwrap()).await["etag"],
        new
    );
    system.stop();
}

#[tokio::test]
async fn of_two_who_press_the_same_button_one_toggles() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let toggle = json!({"id": id});
    let seen = customer.endpoint(&id).await["etag"].as_str().unwrap().to_owned();
    let first = with(&customer, Method::PATCH, ENDPOINTS, &seen, &toggle)
        .await
        .expect(200);
    assert_eq!(first.body["active"], false);
    let before = everything(&system);
    let second = with(&customer, Method::PATCH, ENDPOINTS, &seen, &toggle).await;
    assert_refused(&Method::PATCH, ENDPOINTS, &second, 412, "precondition_failed", "");
    // An empty change depends on it just as well.
    let path = format!("{ENDPOINTS}/{id}");
    let nothing = with(&customer, Method::PATCH, &path, &seen, &json!({})).await;
    assert_refused(&Method::PATCH, &path, &nothing, 412, "precondition_failed", "");
    assert_eq!(everything(&system), before);

    // At once, again and again: whoever wins, the endpoint is toggled once.
    for round in 0..10 {
        let seen = customer.endpoint(&id).await;
        let tag = seen["etag"].as_str().unwrap();
        let (one, other) = tokio::join!(
            with(&customer, Method::PATCH, ENDPOINTS, tag, &toggle),
            with(&customer, Method::PATCH, ENDPOINTS, tag, &toggle)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "round {round}");
        let is_active = seen["active"].as_bool().unwrap();
        assert_eq!(customer.endpoint(&id).await["active"], !is_active);
    }
    system.stop();
}

#[tokio::test]
async fn if_match_is_read_as_http_has_it() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let path = format!("{ENDPOINTS}/{id}");
    let tag = customer.endpoint(&id).await["etag"].as_str().unwrap().to_owned();
    let before = everything(&system);
    let change = json!({"id": id, "description": "new"});
    for (tags, status, code, field) in [
        ("\"0123456789abcdef0123\"", 412, "precondition_failed", ""),
        (&format!("W/{tag}"), 412, "precondition_failed", ""),
        (tag.trim_matches('"'), 422, "invalid_value", "If-Match"),
        ("", 422, "invalid_value", "If-Match"),
        ("*, \"a\"", 422, "invalid_value", "If-Match"),
    ] {
        for (method, path) in [
            (Method::PATCH, ENDPOINTS),
            (Method::PATCH, &path),
            (Method::DELETE, &path),
        ] {
            let body = if method == Method::PATCH {
                &change
            } else {
                &json!({"id": id})
            };
            let reply = with(&customer, method.clone(), path, tags, body).await;
            assert_refused(&method, path, &reply, status, code, field);
        }
        let in_query = format!("{ENDPOINTS}?id={id}");
        let reply = with(&customer, Method::DELETE, &in_query, tags, &Value::Null).await;
        assert_refused(&Method::DELETE, ENDPOINTS, &reply, status, code, field);
    }
    assert_eq!(everything(&system), before);
    let several = format!("\"0123456789abcdef0123\", {tag}");
    let changed = with(&customer, Method::PATCH, ENDPOINTS, &several, &change)
        .await
        .expect(200);
    let _reply = with(
        &customer,
        Method::PATCH,
        &path,
        "*",
        &json!({"description": null}),
    )
    .await
    .expect(200);

    // What isn't there is no mismatch.
    let unknown = format!("{ENDPOINTS}/ep_0000000000000000");
    for tags in ["*", &tag] {
        let reply = with(&customer, Method::DELETE, &unknown, tags, &Value::Null).await;
        assert_refused(&Method::DELETE, &unknown, &reply, 404, "endpoint_not_found", "");
    }
    let stale = changed.body["etag"].as_str().unwrap();
    let reply = with(&customer, Method::DELETE, &path, stale, &Value::Null).await;
    assert_refused(&Method::DELETE, &path, &reply, 412, "precondition_failed", "");
    let present = customer.endpoint(&id).await["etag"].as_str().unwrap().to_owned();
    let _reply = with(&customer, Method::DELETE, &path, &present, &Value::Null)
        .await
        .expect(204);
    system.stop();
}

#[tokio::test]
async fn of_two_who_rotate_the_secret_that_they_saw_one_gets_a_new_one() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let path = format!("{ENDPOINTS}/{id}/rotate-secret");
    let force = json!({"force": true, "graceHours": 1});
    for round in 0..5 {
        let seen = customer.endpoint(&id).await["etag"].as_str().unwrap().to_owned();
        let (one, other) = tokio::join!(
            with(&customer, Method::POST, &path, &seen, &force),
            with(&customer, Method::POST, &path, &seen, &force)
        );
        let (won, lost) = if one.status == 200 {
            (one, other)
        } else {
            (other, one)
        };
        assert_refused(&Method::POST, &path, &lost, 412, "precondition_failed", "");
        let tag = won.expect(200).headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(customer.endpoint(&id).await["etag"], tag, "round {round}");
    }
    let before = everything(&system);
    for (tags, status, code, field) in [
        ("\"0123456789abcdef0123\"", 412, "precondition_failed", ""),
        ("unquoted", 422, "invalid_value", "If-Match"),
    ] {
        let reply = with(&customer, Method::POST, &path, tags, &force).await;
        assert_refused(&Method::POST, &path, &reply, status, code, field);
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

/// Whatever gives an endpoint another tag can be made to depend on the one that the caller saw; what doesn't, doesn't take the header.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_changes_a_tag_takes_if_match_and_no_other_does() {
    let (mut system, _receiver, endpoint) = System::start_with_hook().await;
    let (customer, id) = (system.customer(), endpoint.id);
    let document = &*DOCUMENT;
    let one = format!("{ENDPOINTS}/{{id}}");
    let under = |rest: &str| format!("{one}/{rest}");
    let selection = json!({"since": "2026-01-01T00:00:00Z", "status": "exhausted"});
    let nothing = Value::Null;
    let calls = [
        (
            "post",
            ENDPOINTS.to_owned(),
            &json!({"url": "http://127.0.0.1:9000/", "events": ["*"]}),
        ),
        (
            "post",
            format!("{ENDPOINTS}/check"),
            &json!({"url": "http://127.0.0.1:9000/", "events": ["*"]}),
        ),
        ("patch", ENDPOINTS.to_owned(), &json!({"id": id})),
        (
            "patch",
            format!("{ENDPOINTS}/bulk"),
            &json!({"ids": [id], "active": true}),
        ),
        ("patch", one.clone(), &json!({"description": "new"})),
        ("post", under("rotate-secret"), &json!({"force": true})),
        ("post", under("test"), &json!({"event": "lead.captured"})),
        ("post", under("retry"), &nothing),
        ("post", under("verify"), &json!({"headers": {}, "body": ""})),
        ("post", under("replay/count"), &selection),
        ("post", under("replay"), &selection),
        ("post", under("deliveries/{deliveryId}/replay"), &nothing),
        ("delete", under("replays/{replayId}"), &nothing),
        // The last two remove it: the first by path.
        ("delete", one.clone(), &nothing),
        ("delete", ENDPOINTS.to_owned(), &json!({"id": id})),
    ];
    for (method, path, body) in &calls {
        let tag = customer.get(&one.replace("{id}", &id)).await.body["etag"].clone();
        let wanted = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let request = customer.request(wanted, &path.replace("{id}", &id));
        let reply = Caller::send(if body.is_null() {
            request
        } else {
            request.json(body)
        })
        .await;
        assert!(reply.status < 500, "{method} {path}: {}", reply.text);
        let now = customer.get(&one.replace("{id}", &id)).await.body["etag"].clone();
        let parameters = document["paths"][path][*method]["parameters"].as_array();
        let takes = parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "If-Match"));
        let is_the_same_by_query = *method == "delete" && path == ENDPOINTS;
        assert_eq!(
            takes,
            now != tag || is_the_same_by_query,
            "{method} {path}: {}",
            reply.text
        );
    }
    let known = document["paths"].as_object().unwrap().iter();
    for (path, methods) in known.filter(|(path, _)| path.starts_with(ENDPOINTS)) {
        for method in methods
            .as_object()
            .unwrap()
            .keys()
            .filter(|method| *method != "get")
        {
            let is_tried = calls.iter().any(|(tried, at, _)| tried == method && at == path);
            assert!(
                is_tried,
                "a new call: does {method} {path} change the tag of an endpoint?"
            );
        }
    }
    system.stop();
}

#[tokio::test]
async fn an_endpoint_says_who_made_it_and_who_changed_it_last() {
    let mut system = api().await;
    let caller = |user: &str| system.caller(&Claims::v2(user, Some("org_2test")).sign(&system.key));
    let (one, other) = (caller("user_2one"), caller("user_2other"));
    let id = one.create_endpoint("http://127.0.0.1:9000/", &["*"]).await.id;
    let people = async || {
        let endpoint = one.endpoint(&id).await;
        (endpoint["createdBy"].clone(), endpoint["updatedBy"].clone())
    };
    assert_eq!(people().await, (json!("user_2one"), json!("user_2one")));
    other.toggle(&id).await;
    assert_eq!(people().await, (json!("user_2one"), json!("user_2other")));
    let path = format!("{ENDPOINTS}/{id}");
    let _reply = one.patch(&path, &json!({"active": false})).await.expect(200);
    assert_eq!(
        people().await,
        (json!("user_2one"), json!("user_2other")),
        "nothing changed"
    );
    let _reply = one
        .post(&format!("{path}/rotate-secret"), &json!({}))
        .await
        .expect(200);
    assert_eq!(people().await, (json!("user_2one"), json!("user_2one")));
    system.stop();
}

#[tokio::test]
async fn an_endpoint_can_be_created_switched_off() {
    let mut system = api().await;
    let customer = system.customer();
    let wanted = json!({"url": "http://127.0.0.1:9000/", "events": ["*"], "active": false});
    let made = customer.post(ENDPOINTS, &wanted).await.expect(201).body;
    assert_eq!(
        (
            &made["active"],
            &made["state"],
            &made["disabledReason"],
            &made["disabledAt"]
        ),
        (&json!(false), &json!("off"), &json!("owner"), &made["createdAt"])
    );
    let push = |deliveries| {
        let backend = system.backend();
        let account = system.account();
        async move {
            let pushed = backend.push(account, "lead.captured", json!({})).await;
            assert_eq!(pushed.deliveries, deliveries);
        }
    };
    push(0).await;
    assert_eq!(
        customer.toggle(made["id"].as_str().unwrap()).await["active"],
        true
    );
    push(1).await;
    system.stop();
}
