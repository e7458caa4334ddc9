//! Keys of an account: made, used, revoked; what each scope allows, at every call of the document; and that they cost nobody else anything.
//!
//! Proves (security): Keys of an account
//! Proves (security): Made-up keys and portal sessions of an account
//! Proves (security): Whoever calls with a key or a portal session, or in an account's name, is counted apart from the account's people

use domain::api_key::Scope;
use domain::clock::Timestamp;
use e2e::client::Caller;
use e2e::state::{connect, key};
use e2e::system::System;
use futures_util::future::join_all;
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::documented::calls::calls;
use crate::fixture::{API_KEYS, ENDPOINTS, EVENTS, api, assert_refused, everything, refuses};
use crate::tenancy::answer;

const URL: &str = "http://127.0.0.1:9000/";

async fn made(customer: &Caller, body: &Value) -> Value {
    customer.post(API_KEYS, body).await.expect(201).body
}

#[tokio::test]
async fn a_key_lives_from_its_creation_to_its_revocation() {
    let mut system = api().await;
    let customer = system.customer();
    let new = made(
        &customer,
        &json!({"name": "Zapier", "scopes": ["endpoints:write"]}),
    )
    .await;
    let token = new["key"].as_str().unwrap();
    assert!(token.starts_with("rk_live_org_2test_"), "{token}");
    let (id, program) = (new["id"].as_str().unwrap(), system.caller(token));
    let listed = || async { customer.get(API_KEYS).await.expect(200).body["keys"].clone() };
    let before = listed().await;
    assert_eq!(before[0]["lastUsedAt"], Value::Null);
    assert_eq!(
        (&before[0]["id"], &before[0]["createdBy"]),
        (&new["id"], &json!("user_2test"))
    );
    assert!(!before.to_string().contains(token));
    // What it makes and changes bears its name, and is the account's.
    let endpoint = program.create_endpoint(URL, &["lead.captured"]).await;
    assert_eq!(
        (&endpoint.body["createdBy"], &endpoint.body["updatedBy"]),
        (&new["id"], &new["id"])
    );
    assert_eq!(customer.endpoint(&endpoint.id).await["createdBy"], new["id"]);
    let used = listed().await[0]["lastUsedAt"].clone();
    assert!(used.as_str().unwrap().parse::<Timestamp>().is_ok(), "{used}");
    program.remove_endpoint(&endpoint.id).await;
    // Within a minute nothing more is written.
    assert_eq!(listed().await[0]["lastUsedAt"], used);
    // What is kept doesn't hold the key.
    let secret = &token[token.len() - 32..];
    for (key, content) in everything(&system) {
        let holds = content.windows(32).any(|bytes| bytes == secret.as_bytes());
        assert!(!holds, "{key} has the key");
    }
    let path = format!("{API_KEYS}?id={id}");
    let _reply = customer.delete(&path).await.expect(204);
    let reply = program.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 401, "invalid_token", "");
    let reply = customer.delete(&path).await;
    assert_refused(&Method::DELETE, API_KEYS, &reply, 404, "api_key_not_found", "");
    assert_eq!(listed().await, json!([]));
    system.stop();
}

/// For every call of the document: whether a key with one scope may make it is as the document says, and nothing else matters.
#[tokio::test(flavor = "multi_thread")]
async fn each_scope_allows_what_the_document_says_and_nothing_else() {
    let mut system = api().await;
    let mut tried = 0;
    for scope in Scope::all() {
        let program = system.automation(&[scope.as_str()]).await;
        let before = everything_but_uses(&system);
        for call in calls() {
            if !call.path.starts_with("/api/") {
                continue;
            }
            let needed: Option<Scope> = call.key_scope().map(|name| name.parse().unwrap());
            assert_eq!(needed.is_some(), call.takes("accountKey"), "{}", call.name());
            let Scope(subject, right) = scope;
            let allowed = needed.is_some_and(|Scope(about, least)| about == subject && least <= right);
            // A body or an id that is wrong is looked at after the token.
            let path = call.path.replace("{id}", "ep_none").replace("{deliveryId}", "x");
            let path = path.replace("{replayId}", "x").replace("{eventId}", "x");
            let request = program.request(call.method.clone(), &path).body("[");
            let (status, code, said) = if call.is_stream() && allowed {
                (200, String::new(), String::new())
            } else {
                answer(request).await
            };
            let context = format!("{} with {scope}: {status} {said}", call.name());
            assert_eq!(code == "insufficient_scope", !allowed, "{context}");
            assert!(allowed || status == 403, "{context}");
            tried += 1;
        }
        assert_eq!(everything_but_uses(&system), before, "{scope}");
    }
    assert!(tried > 150, "{tried}");
    // It says what would be needed.
    let reader = system.automation(&["endpoints:read"]).await;
    let reply = reader
        .post(ENDPOINTS, &json!({"url": URL, "events": ["*"]}))
        .await;
    assert_refused(&Method::POST, ENDPOINTS, &reply, 403, "insufficient_scope", "");
    assert_eq!(reply.body["errors"][0]["params"]["required"], "endpoints:write");
    system.stop();
}

/// All but the notes of when keys were last used.
fn everything_but_uses(system: &System) -> Vec<(String, Vec<u8>)> {
    let all = everything(system).into_iter();
    let others = all.filter(|(key, _)| !key.ends_with(":keys") && !key.ends_with(":stats"));
    others.collect()
}

#[tokio::test]
async fn made_up_and_foreign_keys_are_refused_and_an_account_has_twenty() {
    let mut system = api().await;
    let customer = system.customer();
    let token = customer.create_api_key(&["endpoints:read"]).await;
    let other = system
        .customer_of("org_2other")
        .create_api_key(&["endpoints:read"])
        .await;
    let before = everything_but_uses(&system);
    let digits = &token["rk_live_org_2test_".len()..];
    let last = if token.ends_with('0') { '1' } else { '0' };
    for wrong in [
        format!("{}{last}", &token[..token.len() - 1]),
        format!("rk_live_org_2other_{digits}"),
        format!("rk_live_org~org_2test_{digits}"),
        format!("rk_live_org_2nobody_{digits}"),
        format!("rk_test_org_2test_{digits}"),
        token.to_uppercase().replacen("RK_LIVE_ORG_", "rk_live_org_", 1),
        "rk_live_".to_owned(),
        format!("{token}x"),
    ] {
        let reply = system.caller(&wrong).get(ENDPOINTS).await;
        let is_kind = reply.status == 403 && !wrong.starts_with("rk_live_");
        assert!(is_kind || reply.status == 401, "{wrong}: {}", reply.text);
    }
    assert_eq!(everything_but_uses(&system), before);
    // Another account's key shows that account.
    let endpoint = customer.create_endpoint(URL, &["*"]).await.id;
    let stranger = system.caller(&other);
    assert_eq!(
        stranger.get(ENDPOINTS).await.expect(200).body["endpoints"],
        json!([])
    );
    let _reply = stranger.get(&format!("{ENDPOINTS}/{endpoint}")).await.expect(404);

    for _ in 1..20 {
        customer.create_api_key(&["replay:read"]).await;
    }
    let wanted = json!({"name": "one too many", "scopes": ["replay:read"]});
    let reply = customer.post(API_KEYS, &wanted).await;
    assert_refused(&Method::POST, API_KEYS, &reply, 409, "too_many_api_keys", "");
    assert_eq!(
        customer.get(API_KEYS).await.expect(200).body["keys"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
    system.stop();
}

#[tokio::test]
async fn a_key_that_has_expired_is_refused_and_makes_room() {
    let mut system = api().await;
    let customer = system.customer();
    let soon =
        Timestamp::from_millis(i64::try_from(Timestamp::now().as_millis()).unwrap() + 3_600_000).unwrap();
    let wanted = json!({"name": "for an hour", "scopes": ["endpoints:read"], "expiresAt": soon.to_string()});
    let new = made(&customer, &wanted).await;
    assert_eq!(new["expiresAt"], soon.to_string());
    let program = system.caller(new["key"].as_str().unwrap());
    let _reply = program.get(ENDPOINTS).await.expect(200);
    // An hour and more passes for Redis.
    let mut redis = connect(&system.redis);
    let _: () = redis.hset(key("stats"), "clockOffset", 3_700_000).unwrap();
    let reply = program.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 401, "token_expired", "");
    for _ in 0..20 {
        customer.create_api_key(&["endpoints:read"]).await;
    }
    let listed = customer.get(API_KEYS).await.expect(200).body;
    assert!(!listed.to_string().contains("for an hour"), "{listed}");
    system.stop();
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_said_and_nothing_is_made() {
    let mut system = api().await;
    let customer = system.customer();
    let before = everything(&system);
    let good = json!({"name": "n", "scopes": ["endpoints:read"]});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    for (body, code, field) in [
        ("{}".to_owned(), "missing_field", "name"),
        (with("name", json!("")), "invalid_value", "name"),
        (with("name", json!("x".repeat(101))), "invalid_value", "name"),
        (with("name", json!("a\nb")), "invalid_value", "name"),
        (with("name", json!(5)), "invalid_type", "name"),
        (with("scopes", json!([])), "invalid_value", "scopes"),
        (
            with("scopes", json!(["endpoints:read", "endpoints:read"])),
            "invalid_value",
            "scopes",
        ),
        (with("scopes", json!(["endpoints"])), "invalid_value", "scopes[0]"),
        (with("scopes", json!(["manage"])), "invalid_value", "scopes[0]"),
        (
            with("expiresAt", json!("tomorrow")),
            "invalid_timestamp",
            "expiresAt",
        ),
        (
            with("expiresAt", json!("2020-01-01T00:00:00Z")),
            "invalid_value",
            "expiresAt",
        ),
        (with("key", json!("rk_live_x")), "unknown_field", "key"),
    ] {
        refuses(&customer, Method::POST, API_KEYS, body, (422, code, field)).await;
    }
    for (query, code, field) in [
        ("", "missing_field", "id"),
        (
            "?id=key_0000000000000000&id=key_0000000000000001",
            "invalid_value",
            "id",
        ),
        ("?key=key_0000000000000000", "unknown_parameter", "key"),
    ] {
        let path = format!("{API_KEYS}{query}");
        refuses(&customer, Method::DELETE, &path, "", (422, code, field)).await;
    }
    for id in ["x", "key_", "key_0000000000000000", "%00"] {
        let path = format!("{API_KEYS}?id={id}");
        refuses(
            &customer,
            Method::DELETE,
            &path,
            "",
            (404, "api_key_not_found", ""),
        )
        .await;
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

/// An automation that calls without end locks nobody out, and neither does the backend.
#[tokio::test]
async fn each_kind_of_caller_has_a_limit_of_its_own() {
    let mut system = System::builder()
        .workers(0)
        .api_env("RATE_LIMIT_DASHBOARD", "5")
        .start()
        .await;
    let customer = system.customer();
    let token = customer.create_api_key(&["endpoints:read"]).await;
    let callers = [
        (system.caller(&token), "keys", 5),
        // One call made the portal session.
        (system.portal("read").await, "portal", 5),
        (system.manager_of("org_2test"), "manage", 4),
        // One call made the key.
        (customer, "dashboard", 4),
    ];
    for (caller, name, most) in callers {
        for left in (0..most).rev() {
            let reply = caller.get(ENDPOINTS).await.expect(200);
            let header = reply.headers["ratelimit"].to_str().unwrap();
            assert!(header.starts_with(&format!("\"{name}\";r={left};t=")), "{header}");
        }
        let reply = caller.get(ENDPOINTS).await;
        assert_refused(&Method::GET, ENDPOINTS, &reply, 429, "rate_limited", "");
        assert_eq!(reply.body["errors"][0]["params"]["max"], 5);
    }
    // Another account of the same backend has its own.
    let _reply = system.manager_of("org_2other").get(ENDPOINTS).await.expect(200);
    system.stop();
}

/// Whoever makes keys up hurts neither those that are known, nor the dashboard, nor another account; and a revoked key is refused at once
/// however busy all is.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_made_up_keys_locks_nobody_out() {
    let mut system = System::builder()
        .workers(0)
        .api_env("RATE_LIMIT_DASHBOARD", "100")
        .start()
        .await;
    let customer = system.customer();
    let token = customer.create_api_key(&["endpoints:read"]).await;
    let program = system.caller(&token);
    let _reply = program.get(ENDPOINTS).await.expect(200);
    let start = &token[..token.len() - 32];
    let flood = (0..200_u32).map(|number| {
        let stranger = system.caller(&format!("{start}{number:032}"));
        async move { stranger.get(ENDPOINTS).await.expect(401) }
    });
    let (_, replies) = tokio::join!(join_all(flood), async {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(program.get(ENDPOINTS).await.status);
            statuses.push(customer.get(ENDPOINTS).await.status);
        }
        statuses
    });
    assert_eq!(replies, [200; 40]);
    let id = customer.get(API_KEYS).await.expect(200).body["keys"][0]["id"].clone();
    let path = format!("{API_KEYS}?id={}", id.as_str().unwrap());
    let _reply = customer.delete(&path).await.expect(204);
    let _reply = program.get(ENDPOINTS).await.expect(401);
    system.stop();
}

/// A live stream outlasts the look at its key, but not the key.
#[tokio::test]
async fn a_stream_ends_when_its_key_is_revoked() {
    let mut system = api().await;
    let customer = system.customer();
    let program = system.automation(&["deliveries:read"]).await;
    let path = "/api/webhooks-deliveries/stream";
    let mut stream = program.request(Method::GET, path).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let id = customer.get(API_KEYS).await.expect(200).body["keys"][0]["id"].clone();
    let revoked = format!("{API_KEYS}?id={}", id.as_str().unwrap());
    let _reply = customer.delete(&revoked).await.expect(204);
    let mut said = String::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        said.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(said.contains(r#"{"reason":"key_revoked"}"#), "{said}");
    system.stop();
}

/// A key can push no events, and neither makes nor revokes keys.
#[tokio::test]
async fn a_key_is_no_service_key_and_makes_no_keys() {
    let mut system = api().await;
    let all: Vec<_> = Scope::all().map(Scope::as_str).collect();
    let program = system.automation(&all).await;
    for (method, path) in [
        (Method::POST, EVENTS),
        (Method::GET, API_KEYS),
        (Method::POST, API_KEYS),
        (Method::DELETE, API_KEYS),
    ] {
        let reply = Caller::send(program.request(method.clone(), path).body("[")).await;
        assert_refused(&method, path, &reply, 403, "insufficient_scope", "");
    }
    system.stop();
}
