//! Who may call, and every kind of token that may not.
//!
//! Proves (security): Session tokens
//! Proves (security): Service keys

use e2e::clerk::{Claims, KeySetServer, SigningKey, now};
use e2e::client::Caller;
use e2e::process::Process;
use e2e::receiver::Answer;
use e2e::system::{SERVICE_KEY, System};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::json;

use crate::fixture::{BATCH, ENDPOINTS, EVENTS, api, assert_refused, everything};

fn claims() -> Claims {
    Claims::v2("user_2test", Some("org_2test"))
}

/// Starts a system whose API asks a key-set server.
async fn with_key_set(server: &KeySetServer) -> System {
    System::builder()
        .workers(0)
        .env("CLERK_JWT_KEY", "")
        .env("CLERK_JWKS_URL", server.url())
        .start()
        .await
}

#[tokio::test]
async fn every_wrong_token_is_refused_before_the_body_is_looked_at() {
    let mut system = api().await;
    let id = system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    let before = everything(&system);
    let (key, stranger) = (&system.key, SigningKey::generate("ins_test"));
    let with_public_key = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        claims().value(),
        &EncodingKey::from_secret(key.public_pem().as_bytes()),
    )
    .unwrap();
    let expired = claims().with("exp", now() - 60).with("nbf", now() - 120);
    let wrong = [
        (expired.sign(key), 401, "token_expired"),
        (
            claims().with("nbf", now() + 60).sign(key),
            401,
            "token_not_yet_valid",
        ),
        (claims().without("exp").sign(key), 401, "invalid_token"),
        (
            claims().with("iss", "https://evil.example").sign(key),
            401,
            "invalid_token",
        ),
        (claims().without("iss").sign(key), 401, "invalid_token"),
        (
            claims().with("azp", "https://evil.example").sign(key),
            401,
            "invalid_token",
        ),
        (claims().with("sts", "pending").sign(key), 401, "session_pending"),
        (claims().unsigned(), 401, "invalid_token"),
        (with_public_key, 401, "invalid_token"),
        (claims().sign(&stranger), 401, "invalid_token"),
        (
            claims().with("sub", "mch_2test").without("sid").sign(key),
            403,
            "wrong_token_kind",
        ),
        (claims().without("sid").sign(key), 403, "wrong_token_kind"),
        ("ak_0123456789abcdef".to_owned(), 403, "wrong_token_kind"),
        ("oat_0123456789abcdef".to_owned(), 403, "wrong_token_kind"),
        ("mt_0123456789abcdef".to_owned(), 403, "wrong_token_kind"),
        (SERVICE_KEY.to_owned(), 403, "wrong_token_kind"),
        ("garbage".to_owned(), 401, "invalid_token"),
        ("a.b.c".to_owned(), 401, "invalid_token"),
        (
            claims().with("x", "y".repeat(9000)).sign(key),
            401,
            "invalid_token",
        ),
    ];
    let one = format!("{ENDPOINTS}/{id}");
    let removal = format!("{ENDPOINTS}?id={id}");
    for (token, status, code) in &wrong {
        let caller = system.caller(token);
        for (method, path) in [
            (Method::GET, ENDPOINTS),
            (Method::GET, one.as_str()),
            (Method::POST, ENDPOINTS),
            (Method::PATCH, ENDPOINTS),
            (Method::DELETE, removal.as_str()),
        ] {
            let reply = Caller::send(caller.request(method.clone(), path).body("{not json")).await;
            assert_refused(&method, path, &reply, *status, code, "");
        }
    }
    let session = claims().sign(key);
    let unknown = format!("{}x", &SERVICE_KEY[..SERVICE_KEY.len() - 1]);
    for (token, status, code) in [
        (session.as_str(), 403, "wrong_token_kind"),
        (unknown.as_str(), 401, "invalid_token"),
        ("whk_test_", 401, "invalid_token"),
        ("whk_nobody_0123456789", 401, "invalid_token"),
        ("garbage", 401, "invalid_token"),
    ] {
        for path in [EVENTS, BATCH] {
            let reply =
                Caller::send(system.caller(token).request(Method::POST, path).body("{not json")).await;
            assert_refused(&Method::POST, path, &reply, status, code, "");
        }
    }
    for path in [EVENTS, BATCH, ENDPOINTS] {
        let nobody = Caller::new(&system.api_url(), None);
        let reply = Caller::send(nobody.request(Method::POST, path).body(vec![b'x'; 10 << 20])).await;
        assert_refused(&Method::POST, path, &reply, 401, "missing_token", "");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
    assert_eq!(everything(&system), before);
    // No part of a token is in the log.
    let log = system.api.log();
    for (token, ..) in &wrong {
        let tail = &token[token.len().saturating_sub(16)..];
        assert!(!tail.is_empty() && !log.contains(tail) || token.len() < 16);
    }
    system.stop();
}

#[tokio::test]
async fn both_versions_of_the_claims_name_the_account() {
    let mut system = api().await;
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let count = async |claims: Claims| {
        let reply = system
            .caller(&claims.sign(&system.key))
            .get(ENDPOINTS)
            .await
            .expect(200);
        reply.body["endpoints"].as_array().unwrap().len()
    };
    assert_eq!(count(Claims::v2("user_2other", Some("org_2test"))).await, 1);
    assert_eq!(count(Claims::v1("user_2other", Some("org_2test"))).await, 1);
    assert_eq!(count(Claims::v1("user_2other", Some("org_2other"))).await, 0);
    assert_eq!(count(Claims::v2("user_2test", None)).await, 0);
    let personal = system.caller(&Claims::v1("user_2test", None).sign(&system.key));
    personal.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
    assert_eq!(count(Claims::v2("user_2test", None)).await, 1);
    let pushed = system
        .backend()
        .push("user:user_2test", "lead.captured", json!({}))
        .await;
    assert_eq!(pushed.deliveries, 1);
    system.stop();
}

#[tokio::test]
async fn keys_are_fetched_kept_and_rotated() {
    let (one, two, three) = ("one", "two", "three");
    let [one, two, three] = [one, two, three].map(SigningKey::generate);
    let server = KeySetServer::start(&[&one, &two]).await;
    let mut system = with_key_set(&server).await;
    let list = async |token: String| system.caller(&token).get(ENDPOINTS).await;
    for _ in 0..5 {
        let _reply = list(claims().sign(&one)).await.expect(200);
        let _reply = list(claims().sign(&two)).await.expect(200);
    }
    assert_eq!(server.requests(), 1);
    assert_eq!(
        list(claims().sign(&three)).await.expect(401).code(),
        "invalid_token"
    );
    server.rotate(&[&two, &three]);
    let _reply = list(claims().sign(&three)).await.expect(200);
    let _reply = list(claims().sign(&two)).await.expect(200);
    assert_eq!(
        list(claims().sign(&one)).await.expect(401).code(),
        "invalid_token"
    );
    // Garbage ids neither get in nor hammer the server, and while it fails nobody can know that they are garbage; known keys outlive
    // its failure.
    server.fail(Answer::status(500));
    for number in 0..50 {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(format!("garbage-{number}"));
        let token = one.sign_with(&header, claims().value());
        assert_eq!(list(token).await.expect(503).code(), "auth_unavailable");
    }
    assert!(server.requests() < 20, "{} requests", server.requests());
    let _reply = list(claims().sign(&two)).await.expect(200);
    system.stop();
}

#[tokio::test]
async fn without_a_key_set_tokens_wait_and_the_backend_goes_on() {
    let key = SigningKey::generate("one");
    let server = KeySetServer::start(&[&key]).await;
    server.fail(Answer::status(500));
    let mut system = with_key_set(&server).await;
    let caller = system.caller(&claims().sign(&key));
    let reply = caller.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 503, "auth_unavailable", "");
    assert!(reply.headers.contains_key("retry-after"));
    system
        .backend()
        .push("org:org_1", "lead.captured", json!({}))
        .await;
    server.work();
    let _reply = caller.get(ENDPOINTS).await.expect(200);
    system.stop();
}

#[tokio::test]
async fn several_service_keys_are_valid_at_once() {
    let second = "whk_second_key0123456789abcdef";
    let entries = [SERVICE_KEY, second]
        .map(e2e::system::service_key_entry)
        .join(", ");
    let mut system = System::builder()
        .workers(0)
        .env("SERVICE_KEYS", entries)
        .start()
        .await;
    for key in [SERVICE_KEY, second] {
        system
            .caller(key)
            .push("org:org_1", "lead.captured", json!({}))
            .await;
    }
    system.stop();
    let document = Process::run("webhooks-api", &["openapi"], &[]);
    assert_eq!(document.stdout, include_bytes!("../../../openapi/openapi.json"));
}
