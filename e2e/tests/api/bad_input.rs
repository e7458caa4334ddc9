//! The API refuses bad input of every kind, with a status, a code and a field, and changes nothing.
//!
//! Proves (security): JSON is read strictly

use e2e::client::Caller;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{BATCH, ENDPOINTS, EVENTS, api, api_with_endpoint, assert_refused, everything, refuses};

const UNKNOWN_ID: &str = "ep_0000000000000000";

/// A body with one field set to a value; `Value::Null` as written, so that `null` is sent.
fn with(good: &Value, field: &str, value: Value) -> String {
    let mut body = good.clone();
    body[field] = value;
    body.to_string()
}

fn without(good: &Value, field: &str) -> String {
    let mut body = good.clone();
    body.as_object_mut().unwrap().remove(field);
    body.to_string()
}

#[tokio::test]
async fn endpoints_with_a_wrong_field_are_refused() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    let create = json!({"url": "https://example.com/hook", "events": ["lead.captured"]});
    let change = json!({"id": id});
    for (field, value, code, named) in wrong_endpoint_fields() {
        for (method, good) in [(Method::POST, &create), (Method::PATCH, &change)] {
            refuses(
                &customer,
                method,
                ENDPOINTS,
                with(good, field, value.clone()),
                (422, code, named),
            )
            .await;
        }
    }
    for url in odd_urls() {
        for (method, good) in [(Method::POST, &create), (Method::PATCH, &change)] {
            let body = with(good, "url", url.0.clone().into());
            refuses(&customer, method, ENDPOINTS, body, (422, url.1, "url")).await;
        }
    }
    for (method, body, code, field) in wrong_endpoint_bodies(&create, &change) {
        refuses(&customer, method, ENDPOINTS, body, (422, code, field)).await;
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

/// Fields that are wrong when an endpoint is made and when it is changed.
fn wrong_endpoint_fields() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let sixteen: Vec<_> = (0..16).map(|_| "*").collect();
    vec![
        ("urll", json!("x"), "unknown_field", "urll"),
        ("accountId", json!("org:x"), "unknown_field", "accountId"),
        ("url", json!(7), "invalid_type", "url"),
        ("url", json!(null), "invalid_type", "url"),
        ("url", json!(["https://example.com/"]), "invalid_type", "url"),
        ("events", json!("lead.captured"), "invalid_type", "events"),
        ("events", json!(null), "invalid_type", "events"),
        ("events", json!({"0": "*"}), "invalid_type", "events"),
        ("events", json!(["lead.captured", 7]), "invalid_type", "events[1]"),
        ("events", json!([null]), "invalid_type", "events[0]"),
        ("events", json!([]), "empty_events", "events"),
        ("events", json!(["lead.lost"]), "unknown_event", "events[0]"),
        (
            "events",
            json!(["*", "Lead.Captured"]),
            "unknown_event",
            "events[1]",
        ),
        (
            "events",
            json!(["lead.captured", "*", "lead.captured"]),
            "duplicate_event",
            "events[2]",
        ),
        ("events", json!(sixteen), "too_many_events", "events"),
        ("chatbotId", json!(7), "invalid_type", "chatbotId"),
        ("chatbotId", json!(""), "invalid_chatbot_id", "chatbotId"),
        ("chatbotId", json!("a\nb"), "invalid_chatbot_id", "chatbotId"),
        (
            "chatbotId",
            json!("x".repeat(129)),
            "invalid_chatbot_id",
            "chatbotId",
        ),
        ("rateLimit", json!(0), "invalid_value", "rateLimit"),
        ("rateLimit", json!(-1), "invalid_value", "rateLimit"),
        ("rateLimit", json!(1001), "invalid_value", "rateLimit"),
        ("rateLimit", json!(2.5), "invalid_type", "rateLimit"),
        ("rateLimit", json!("5"), "invalid_type", "rateLimit"),
        ("autoResume", json!(1), "invalid_type", "autoResume"),
        ("autoResume", json!(null), "invalid_type", "autoResume"),
        ("operatorHold", json!(null), "unknown_field", "operatorHold"),
        ("heldUntil", json!(null), "unknown_field", "heldUntil"),
        ("description", json!(["x"]), "invalid_type", "description"),
        (
            "description",
            json!("x".repeat(501)),
            "invalid_description",
            "description",
        ),
        (
            "description",
            json!("a\u{0}b"),
            "invalid_description",
            "description",
        ),
    ]
}

/// Bodies that are wrong for one of the two calls, or in another way.
fn wrong_endpoint_bodies(
    create: &Value,
    change: &Value,
) -> Vec<(Method, String, &'static str, &'static str)> {
    vec![
        (Method::POST, without(create, "url"), "missing_field", "url"),
        (Method::POST, without(create, "events"), "missing_field", "events"),
        (
            Method::POST,
            with(create, "active", json!("no")),
            "invalid_type",
            "active",
        ),
        (
            Method::POST,
            with(create, "secret", json!("whsec_x")),
            "invalid_value",
            "secret",
        ),
        (
            Method::PATCH,
            with(change, "secret", json!("whsec_x")),
            "unknown_field",
            "secret",
        ),
        (
            Method::PATCH,
            json!({"active": true}).to_string(),
            "missing_field",
            "id",
        ),
        (Method::PATCH, with(change, "id", json!(7)), "invalid_type", "id"),
        (
            Method::PATCH,
            with(change, "id", json!(null)),
            "invalid_type",
            "id",
        ),
        (
            Method::PATCH,
            with(change, "active", json!("yes")),
            "invalid_type",
            "active",
        ),
        (
            Method::PATCH,
            with(change, "active", json!(null)),
            "invalid_type",
            "active",
        ),
        (
            Method::PATCH,
            with(change, "parked", json!("keep")),
            "invalid_value",
            "parked",
        ),
        (
            Method::PATCH,
            with(change, "parked", json!(true)),
            "invalid_type",
            "parked",
        ),
        (
            Method::POST,
            r#"{"url":"https://a.example/","url":"https://b.example/","events":["*"]}"#.to_owned(),
            "duplicate_field",
            "url",
        ),
        (
            Method::PATCH,
            r#"{"id":"ep_0","id":"ep_0"}"#.to_owned(),
            "duplicate_field",
            "id",
        ),
    ]
}

/// URLs that may not be registered even where `http` and loopback are allowed.
fn odd_urls() -> Vec<(String, &'static str)> {
    let long = format!("https://example.com/{}", "a".repeat(2048));
    [
        ("", "url_malformed"),
        ("/webhook", "url_malformed"),
        ("//example.com/webhook", "url_malformed"),
        ("example.com", "url_malformed"),
        ("https://", "url_malformed"),
        ("https://exa mple.com/", "url_malformed"),
        ("https://[::1", "url_malformed"),
        ("https://example.com:99999/", "url_malformed"),
        ("ftp://example.com/", "url_scheme_not_allowed"),
        ("file:///etc/passwd", "url_scheme_not_allowed"),
        ("javascript:alert(1)", "url_scheme_not_allowed"),
        ("redis://127.0.0.1:6379/", "url_scheme_not_allowed"),
        ("https://user:pass@example.com/", "url_has_credentials"),
        ("https://example.com/#top", "url_has_fragment"),
        ("https://example.com:22/", "url_port_not_allowed"),
        ("https://10.0.0.1/", "url_address_blocked"),
        ("https://169.254.169.254/latest/meta-data", "url_address_blocked"),
        ("https://0x0a.1/", "url_address_blocked"),
        ("https://[::ffff:10.0.0.1]/", "url_address_blocked"),
        ("https://[fe80::1]/", "url_address_blocked"),
        (long.as_str(), "url_too_long"),
    ]
    .map(|(url, code)| (url.to_owned(), code))
    .to_vec()
}

#[tokio::test]
async fn ids_of_no_endpoint_are_unknown_whatever_their_form() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    let upper = id.to_uppercase();
    let long = "x".repeat(5000);
    for wrong in [
        UNKNOWN_ID,
        upper.as_str(),
        "1",
        "ep_",
        "..",
        "%2e%2e",
        "%F0%9F%92%A3",
        "*",
        "a%00b",
        "%20",
        long.as_str(),
    ] {
        for (method, path) in [
            (Method::GET, format!("{ENDPOINTS}/{wrong}")),
            (Method::DELETE, format!("{ENDPOINTS}?id={wrong}")),
        ] {
            // Clients resolve dots in a path themselves.
            if method == Method::GET && (wrong == ".." || wrong == "%2e%2e") {
                continue;
            }
            let reply = Caller::send(customer.request(method.clone(), &path)).await;
            assert_refused(&method, &path, &reply, 404, "endpoint_not_found", "");
        }
    }
    for wrong in [UNKNOWN_ID, "", "ep_", "\u{0}", "*", long.as_str()] {
        let body = json!({"id": wrong, "active": false}).to_string();
        refuses(
            &customer,
            Method::PATCH,
            ENDPOINTS,
            body,
            (404, "endpoint_not_found", ""),
        )
        .await;
    }
    let reply = customer.delete(ENDPOINTS).await;
    assert_refused(&Method::DELETE, ENDPOINTS, &reply, 422, "missing_field", "id");
    let path = format!("{ENDPOINTS}?id=");
    let reply = customer.delete(&path).await;
    assert_refused(&Method::DELETE, &path, &reply, 404, "endpoint_not_found", "");
    // Neither encoding nor method tricks reach anything.
    for path in ["/api/webhooks-config/%FF%FE", "/api/webhooks-config/a%2Fb"] {
        let reply = customer.get(path).await;
        assert!(matches!(reply.status, 400 | 404), "{path}: {}", reply.text);
        assert_eq!(reply.headers["content-type"], "application/problem+json");
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn events_with_a_wrong_field_are_refused() {
    let mut system = api().await;
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let before = everything(&system);
    let backend = system.backend();
    let good =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let deep = |levels: usize| -> Value {
        serde_json::from_str(&format!(
            r#"{{"a":{}{}}}"#,
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        ))
        .unwrap()
    };
    for (field, value, status, code) in [
        ("extra", json!(1), 422, "unknown_field"),
        ("idempotencyKey", json!("k"), 422, "unknown_field"),
        ("accountId", json!(7), 422, "invalid_type"),
        ("accountId", json!("org_"), 422, "invalid_account_id"),
        ("accountId", json!("orgs_2test"), 422, "invalid_account_id"),
        ("accountId", json!("org:"), 422, "invalid_account_id"),
        ("accountId", json!("team:org_2test"), 422, "invalid_account_id"),
        ("accountId", json!("org:a*b"), 422, "invalid_account_id"),
        (
            "accountId",
            json!(format!("org:{}", "x".repeat(101))),
            422,
            "invalid_account_id",
        ),
        ("event", json!(null), 422, "invalid_type"),
        ("event", json!("*"), 422, "unknown_event"),
        ("event", json!("lead.lost"), 422, "unknown_event"),
        ("event", json!("x".repeat(10_000)), 422, "unknown_event"),
        ("chatbotId", json!(null), 422, "invalid_type"),
        ("chatbotId", json!(""), 422, "invalid_chatbot_id"),
        ("chatbotId", json!("a\u{1}"), 422, "invalid_chatbot_id"),
        ("chatbotId", json!("x".repeat(129)), 422, "invalid_chatbot_id"),
        ("timestamp", json!(1_774_539_000), 422, "invalid_type"),
        ("timestamp", json!("yesterday"), 422, "invalid_timestamp"),
        ("timestamp", json!("2026-03-26"), 422, "invalid_timestamp"),
        ("timestamp", json!("2026-03-26T15:30Z"), 422, "invalid_timestamp"),
        (
            "timestamp",
            json!("2026-02-30T00:00:00Z"),
            422,
            "invalid_timestamp",
        ),
        ("data", json!([]), 422, "invalid_type"),
        ("data", json!(null), 422, "invalid_type"),
        ("data", json!("{}"), 422, "invalid_type"),
        ("data", deep(65), 422, "data_too_deep"),
        (
            "data",
            json!({"x": "y".repeat(262_144)}),
            413,
            "payload_too_large",
        ),
    ] {
        refuses(
            &backend,
            Method::POST,
            EVENTS,
            with(&good, field, value),
            (status, code, field),
        )
        .await;
    }
    for field in ["accountId", "event", "chatbotId", "data"] {
        refuses(
            &backend,
            Method::POST,
            EVENTS,
            without(&good, field),
            (422, "missing_field", field),
        )
        .await;
    }
    for key in ["", "a b", "\u{e9}", &"k".repeat(256)] {
        let request = backend
            .request(Method::POST, EVENTS)
            .header("idempotency-key", key.as_bytes());
        let reply = Caller::send(request.json(&good)).await;
        assert_refused(
            &Method::POST,
            EVENTS,
            &reply,
            422,
            "invalid_idempotency_key",
            "Idempotency-Key",
        );
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn a_payload_may_be_exactly_256_kib() {
    let mut system = api().await;
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let envelope =
        r#"{"event":"lead.captured","chatbotId":"b","timestamp":"2026-03-26T15:30:00.000Z","data":{"x":""}}"#;
    let event = |length: usize| {
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "b",
            "timestamp": "2026-03-26T15:30:00Z", "data": {"x": "y".repeat(length)}})
        .to_string()
    };
    let fits = 262_144 - envelope.len();
    let refused = (413, "payload_too_large", "data");
    refuses(&system.backend(), Method::POST, EVENTS, event(fits + 1), refused).await;
    let reply = crate::fixture::send(&system.backend(), Method::POST, EVENTS, event(fits))
        .await
        .expect(202);
    assert_eq!(reply.body["deliveries"], 1);
    system.stop();
}

#[tokio::test]
async fn batches_that_are_wrong_as_a_whole_are_refused_as_a_whole() {
    let mut system = api().await;
    let before = everything(&system);
    let backend = system.backend();
    let many: Vec<_> = (0..1001).map(|_| json!({})).collect();
    for (body, code, field) in [
        (json!({}).to_string(), "missing_field", "events"),
        (json!({"events": null}).to_string(), "invalid_type", "events"),
        (json!({"events": {}}).to_string(), "invalid_type", "events"),
        (json!({"events": "x"}).to_string(), "invalid_type", "events"),
        (json!({"events": []}).to_string(), "empty_events", "events"),
        (json!({"events": many}).to_string(), "too_many_events", "events"),
        (
            json!({"events": [{}], "extra": 1}).to_string(),
            "unknown_field",
            "extra",
        ),
        (
            json!({"events": [{}], "accountId": "org:a"}).to_string(),
            "unknown_field",
            "accountId",
        ),
    ] {
        refuses(&backend, Method::POST, BATCH, body, (422, code, field)).await;
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused_by_every_call() {
    let mut system = api().await;
    let (customer, backend) = (system.customer(), system.backend());
    customer.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
    let before = everything(&system);
    for (caller, method, path, limit) in [
        (&customer, Method::POST, ENDPOINTS, 16 << 10),
        (&customer, Method::PATCH, ENDPOINTS, 16 << 10),
        (&backend, Method::POST, EVENTS, 2 * 262_144 + (16 << 10)),
        (&backend, Method::POST, BATCH, 5 << 20),
    ] {
        let deep = "[".repeat(10_000);
        let closed = format!("{deep}{}", "]".repeat(10_000));
        let unclosed = format!(r#"{{"events":{deep}"#);
        for (body, expected) in [
            (b"".to_vec(), (400, "invalid_json", "")),
            (b"{".to_vec(), (400, "invalid_json", "")),
            (b"{not json}".to_vec(), (400, "invalid_json", "")),
            (
                b"{} {}".to_vec(),
                match path {
                    // No field of a change is missed, so what comes behind the object is read.
                    ENDPOINTS if method == Method::PATCH => (400, "invalid_json", ""),
                    ENDPOINTS => (422, "missing_field", "url"),
                    EVENTS => (422, "missing_field", "accountId"),
                    _ => (422, "missing_field", "events"),
                },
            ),
            (b"null".to_vec(), (422, "invalid_type", "")),
            (b"7".to_vec(), (422, "invalid_type", "")),
            (b"\"{}\"".to_vec(), (422, "invalid_type", "")),
            (b"[]".to_vec(), (422, "invalid_type", "")),
            (b"{\"url\":\"\xff\xfe\"}".to_vec(), (400, "invalid_utf8", "")),
            (b"\xef\xbb\xbf{}".to_vec(), (400, "invalid_json", "")),
            (b"{\"\\ud800\":1}".to_vec(), (400, "invalid_json", "")),
            (deep.clone().into_bytes(), (400, "invalid_json", "")),
            (vec![b' '; limit + 1], (413, "body_too_large", "")),
        ] {
            refuses(caller, method.clone(), path, body, expected).await;
        }
        for body in [closed, unclosed] {
            let reply = crate::fixture::send(caller, method.clone(), path, body).await;
            assert!(matches!(reply.status, 400 | 413 | 422), "{}", reply.text);
            assert_eq!(reply.headers["content-type"], "application/problem+json");
        }
        let chunks = (0..=limit / 1000).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1000]));
        let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
        refuses(caller, method.clone(), path, chunked, (413, "body_too_large", "")).await;
        for (encoding, status, code) in [
            ("gzip", 400, "bad_request"),
            ("br", 415, "unsupported_media_type"),
            ("gzip, gzip", 415, "unsupported_media_type"),
        ] {
            let zipped = caller
                .request(method.clone(), path)
                .header("content-encoding", encoding);
            let zipped = zipped.header("content-type", "application/json").body("{}");
            assert_refused(&method, path, &Caller::send(zipped).await, status, code, "");
        }
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data"),
            Some("application/json; charset=utf-16"),
        ] {
            let mut request = caller.request(method.clone(), path).body("{}");
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            let reply = Caller::send(request).await;
            assert_refused(&method, path, &reply, 415, "unsupported_media_type", "");
        }
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let mut system = api().await;
    let customer = system.customer();
    for path in [
        "/",
        "/api",
        "/api/webhooks-config/",
        "/api/webhooks-config/a/b",
        "/API/events",
        "/favicon.ico",
    ] {
        let reply = customer.get(path).await;
        assert_eq!((reply.status, reply.code()), (404, "not_found"), "{path}");
        assert_eq!(reply.headers["content-type"], "application/problem+json");
    }
    for (method, path, allow) in [
        (Method::PUT, ENDPOINTS, "DELETE, GET, HEAD, PATCH, POST"),
        (Method::PUT, EVENTS, "GET, HEAD, POST"),
        (Method::DELETE, BATCH, "POST"),
        (Method::POST, "/readyz", "GET, HEAD"),
    ] {
        let reply = Caller::send(customer.request(method, path)).await;
        assert_eq!(
            (reply.status, reply.code()),
            (405, "method_not_allowed"),
            "{path}"
        );
        assert_eq!(reply.headers["allow"], allow);
    }
    system.stop();
}
