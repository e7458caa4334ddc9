//! The server over real sockets, as far as it needs no Redis: routing, tokens, bodies, errors.

mod clients;

use std::time::Duration;

use poem::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;
use crate::allowance::Allowance;
use crate::app::Parts;
use crate::auth::claims::Rules;
use crate::auth::clerk::{KeySource, SessionVerifier};
use crate::auth::jwks::{Jwks, RefreshPolicy};
use crate::body::Patience;
use crate::cors::Origins;
use crate::metrics::Metrics;
use crate::rate_limit::RateLimits;
use crate::refusals::Refusals;
use crate::store_slot::StoreSlot;
use crate::streams::Streams;
use serve::Limits;
use store::events::Budgets;

const SERVICE_KEY: &str = "whk_backend_0123456789abcdef";

struct Running {
    url: String,
    app: App,
    stop: Option<oneshot::Sender<()>>,
    stopped: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

async fn start() -> Running {
    start_with(settings()).await
}

fn settings() -> Settings {
    Settings {
        limits: Limits::usual(100),
        patience: Patience::default(),
        origins: "https://app.example.com".parse().unwrap(),
        publishable_key: None,
        portal_origins: "https://portal.example.com".parse().unwrap(),
    }
}

/// The one of `SERVICE_KEYS`; the store has none.
fn service_keys() -> crate::auth::service_key_book::ServiceKeyBook {
    let entry = format!("backend:{}", hex::encode(Sha256::digest(SERVICE_KEY)));
    let keys: crate::auth::service_key::ServiceKeys = entry.parse().unwrap();
    let book = crate::auth::service_key_book::ServiceKeyBook::from(keys);
    book.learn(store::service_keys::ServiceKeyEntries::default());
    book
}

async fn start_with(settings: Settings) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let jwks = Jwks::new("http://127.0.0.1:9/".parse().unwrap(), RefreshPolicy::default()).unwrap();
    let metrics = Metrics::new().unwrap();
    let app = App::new(Parts {
        store: StoreSlot::default(),
        stopping: crate::stopping::Stopping::default(),
        sessions: SessionVerifier::new(KeySource::Jwks(Box::new(jwks)), Rules::default()).into(),
        service_keys: service_keys(),
        api_keys: crate::auth::look_ups::LookUps::default(),
        portal_sessions: crate::auth::look_ups::LookUps::default(),
        secrets: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
            .parse::<domain::sealing::SecretsKeyring>()
            .unwrap()
            .into(),
        urls: domain::endpoint::UrlPolicy::default(),
        header_prefix: domain::header_names::HeaderPrefix::default(),
        event_types: domain::catalog::Catalog::default(),
        allowance: Allowance {
            payload_bytes: 262_144,
            endpoints: 100,
            budgets: Budgets {
                account_bytes: 1 << 30,
                parked_bytes: 1 << 28,
            },
        },
        rates: RateLimits::NONE,
        refusals: Refusals::default(),
        streams: Arc::new(Streams::new(metrics.clone())),
        metrics,
        tracer: traces::Tracer::default(),
    });
    let (stop, stopping) = oneshot::channel();
    let shutdown = async {
        stopping.await.ok();
    };
    let stopped = tokio::spawn(run(
        listener,
        app.clone(),
        settings,
        shutdown,
        std::future::ready(()),
    ));
    Running {
        url,
        app,
        stop: Some(stop),
        stopped,
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

async fn problem(response: reqwest::Response) -> (u16, String, Option<String>) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["status"], status);
    assert!(body["detail"].as_str().unwrap().ends_with('.'), "{body}");
    (
        status,
        body["code"].as_str().unwrap().to_owned(),
        body["field"].as_str().map(str::to_owned),
    )
}

fn told(status: u16, code: &str, field: Option<&str>) -> (u16, String, Option<String>) {
    (status, code.to_owned(), field.map(str::to_owned))
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let (server, client) = (start().await, client());
    for path in [
        "/",
        "/api",
        "/api/webhooks-config/",
        "/api/webhooks-config/x/y",
        "/api/events/",
        "/docs/",
        "/metrics",
        "/dashboards",
        "/dashboard/assets",
        "/dashboard/assets/",
        "/dashboard/assets/nothing.js",
        "/dashboard/assets/x/y",
        "/%00",
        "/../etc",
    ] {
        let response = client.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(problem(response).await, told(404, "not_found", None), "{path}");
    }
    for (method, path, allow) in [
        ("PUT", "/api/webhooks-config", "DELETE, GET, HEAD, PATCH, POST"),
        ("PUT", "/api/events", "GET, HEAD, POST"),
        ("HEAD", "/api/events/batch", "POST"),
        ("POST", "/api/webhooks-config/x", "DELETE, GET, HEAD, PATCH"),
        ("BREW", "/healthz", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("POST", "/errors", "GET, HEAD"),
        ("DELETE", "/openapi.json", "GET, HEAD"),
        ("POST", "/dashboard", "GET, HEAD"),
        ("PUT", "/dashboard/embed", "GET, HEAD"),
        ("DELETE", "/dashboard/assets/x.js", "GET, HEAD"),
        ("OPTIONS", "/readyz", "GET, HEAD"),
    ] {
        let request = client.request(method.parse().unwrap(), format!("{}{path}", server.url));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 405, "{method} {path}");
        assert_eq!(response.headers()["allow"], allow, "{method} {path}");
        if method != "HEAD" {
            assert_eq!(problem(response).await.1, "method_not_allowed");
        }
    }
}

#[tokio::test]
async fn a_token_is_wanted_before_anything_else_is_looked_at() {
    let (server, client) = (start().await, client());
    let calls = [
        ("GET", "/api/webhooks-config"),
        ("POST", "/api/webhooks-config"),
        ("PATCH", "/api/webhooks-config"),
        ("DELETE", "/api/webhooks-config"),
        ("GET", "/api/webhooks-config/nonsense"),
        ("POST", "/api/events"),
        ("POST", "/api/events/batch"),
    ];
    for (method, path) in calls {
        let request = || client.request(method.parse().unwrap(), format!("{}{path}", server.url));
        for (header, code) in [
            (None, "missing_token"),
            (Some(""), "missing_token"),
            (Some("Basic dXNlcjpwYXNz"), "missing_token"),
            (Some("Bearer"), "missing_token"),
            (Some("Bearer  "), "missing_token"),
            (Some("Bearer garbage"), "invalid_token"),
        ] {
            let mut request = request().body("{not json").header("content-type", "text/plain");
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            let response = request.send().await.unwrap();
            assert!(
                response.headers()["www-authenticate"]
                    .to_str()
                    .unwrap()
                    .starts_with("Bearer")
            );
            assert_eq!(
                problem(response).await,
                told(401, code, None),
                "{method} {path} {header:?}"
            );
        }
        let wrong_kinds = if path.starts_with("/api/events") {
            [
                "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2ln",
                "ak_0123",
                "mt_0123",
            ]
        } else {
            [SERVICE_KEY, "m2m_0123", "oat_0123"]
        };
        for token in wrong_kinds {
            let response = request().bearer_auth(token).body("{").send().await.unwrap();
            assert_eq!(
                problem(response).await,
                told(403, "wrong_token_kind", None),
                "{method} {path} {token}"
            );
        }
    }
    let text = server.app.metrics.render();
    assert!(
        text.contains(r#"webhooks_api_auth_failures_total{reason="missing"} 35"#),
        "{text}"
    );
}

#[tokio::test]
async fn an_early_answer_reaches_a_client_that_still_sends() {
    let (server, client) = (start().await, client());
    let many = (0..70).map(|number| (format!("x-{number}"), "a".to_owned()));
    let heads = [
        ("/api/events", Vec::new(), "missing_token"),
        ("/api/webhooks-config", Vec::new(), "missing_token"),
        ("/nope", Vec::new(), "not_found"),
        ("/api//events/batch", Vec::new(), "not_found"),
        ("/docs", Vec::new(), "method_not_allowed"),
        ("/api/events", many.collect(), "head_too_large"),
        (
            "/api/events",
            vec![("x-long".to_owned(), "a".repeat(20_000))],
            "head_too_large",
        ),
    ];
    for (path, fields, code) in heads {
        let request = || {
            let request = client.post(format!("{}{path}", server.url));
            let with = |request: reqwest::RequestBuilder, (name, value): &(String, String)| {
                request.header(name, value)
            };
            fields
                .iter()
                .fold(request, with)
                .header("origin", "https://app.example.com")
        };
        for _ in 0..3 {
            let chunks = (0..160).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
            let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
            for body in [vec![b' '; 10 * 1024 * 1024].into(), chunked] {
                let response = request().body(body).send().await.unwrap();
                let allowed = &response.headers()["access-control-allow-origin"];
                assert_eq!(allowed, "https://app.example.com", "{path}");
                assert_eq!(problem(response).await.1, code, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn bodies_are_limited_whether_declared_or_chunked() {
    let (server, client) = (start().await, client());
    let request = |path: &str| {
        client
            .post(format!("{}{path}", server.url))
            .bearer_auth(SERVICE_KEY)
            .header("content-type", "application/json")
    };
    for (path, limit) in [
        ("/api/events", 2 * 262_144 + 16 * 1024),
        ("/api/events/batch", 5 * 1024 * 1024),
    ] {
        let at_limit = request(path).body(vec![b' '; limit]).send().await.unwrap();
        assert_eq!(problem(at_limit).await.1, "invalid_json");
        let over = request(path).body(vec![b' '; limit + 1]).send().await.unwrap();
        assert_eq!(problem(over).await, told(413, "body_too_large", None));
        let chunks = (0..=limit / 1024).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024]));
        let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
        let chunked = request(path).body(stream).send().await.unwrap();
        assert_eq!(problem(chunked).await, told(413, "body_too_large", None));
    }
    let media = client
        .post(format!("{}/api/events", server.url))
        .bearer_auth(SERVICE_KEY);
    let response = media.try_clone().unwrap().body("{}").send().await.unwrap();
    assert_eq!(problem(response).await, told(415, "unsupported_media_type", None));
    let response = media
        .header("content-type", "text/json")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(response).await, told(415, "unsupported_media_type", None));
}

#[tokio::test]
async fn a_good_event_waits_for_redis_and_a_bad_one_does_not() {
    let (server, client) = (start().await, client());
    let push = async |body: Value, key: Option<&str>| {
        let mut request = client
            .post(format!("{}/api/events", server.url))
            .bearer_auth(SERVICE_KEY)
            .header("content-type", "application/json; charset=utf-8")
            .body(body.to_string());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        request.send().await.unwrap()
    };
    let good = json!({"accountId": "org:a", "event": "lead.captured", "chatbotId": "c", "data": {}});
    let response = push(good.clone(), Some("k")).await;
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(problem(response).await, told(503, "store_unavailable", None));
    let long = "x".repeat(256);
    for key in ["", "a b", long.as_str()] {
        let told_by_server = problem(push(good.clone(), Some(key)).await).await;
        assert_eq!(
            told_by_server,
            told(422, "invalid_idempotency_key", Some("Idempotency-Key"))
        );
    }
    let mut over = good.clone();
    over["data"]["x"] = "y".repeat(262_144).into();
    assert_eq!(
        problem(push(over, None).await).await,
        told(413, "payload_too_large", Some("data"))
    );
    let mut keyed = good;
    keyed["idempotencyKey"] = "k".into();
    assert_eq!(
        problem(push(keyed, None).await).await,
        told(422, "unknown_field", Some("idempotencyKey"))
    );

    let response = client.get(format!("{}/readyz", server.url)).send().await.unwrap();
    assert_eq!(response.status(), 503);
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["status"], "unavailable");
    assert_eq!(body["reasons"][0], "Redis has not been reached yet");
    let response = client
        .get(format!("{}/healthz", server.url))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let (server, client) = (start().await, client());
    let response = client
        .get(format!("{}/openapi.json", server.url))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    assert!(response.headers().contains_key("etag"));
    assert_eq!(response.text().await.unwrap(), openapi::document());
    let response = client.get(format!("{}/errors", server.url)).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "public, max-age=300");
    let page = response.text().await.unwrap();
    assert_eq!(page, openapi::errors_html(&openapi::document()));
    let response = client.get(format!("{}/docs", server.url)).send().await.unwrap();
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"));
    assert!(response.text().await.unwrap().contains("createEndpoint"));
    let known = client
        .get(format!("{}/docs", server.url))
        .header("if-none-match", "*")
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), 304);
    let text = server.app.metrics.render();
    assert!(
        text.contains(r#"webhooks_api_http_requests_total{method="GET",route="/docs",status="200"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn the_dashboard_is_counted_under_two_routes_however_many_paths_it_has() {
    let (server, client) = (start().await, client());
    for path in ["", "/", "/endpoints/ep_1", "/embed", "/keys?page=2"] {
        let response = client.get(format!("{}/dashboard{path}", server.url)).send();
        assert_eq!(response.await.unwrap().status(), 200, "{path}");
    }
    for number in 0..3 {
        let path = format!("{}/dashboard/assets/{number}.js", server.url);
        assert_eq!(client.get(path).send().await.unwrap().status(), 404);
    }
    let head = client
        .head(format!("{}/dashboard", server.url))
        .send()
        .await
        .unwrap();
    assert_eq!(head.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(head.headers()["cache-control"], "no-cache");
    assert!(head.text().await.unwrap().is_empty());
    let text = server.app.metrics.render();
    let counted: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("webhooks_api_http_requests_total"))
        .collect();
    assert_eq!(
        counted,
        [
            r#"{method="GET",route="/dashboard",status="200"} 5"#,
            r#"{method="GET",route="/dashboard/assets",status="404"} 3"#,
            r#"{method="HEAD",route="/dashboard",status="200"} 1"#,
        ]
    );
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_server_goes_on() {
    let observed = |inner| Observed {
        inner,
        app: panicking_app(),
        routes: RouteTable::of("{}"),
        settings: settings(),
    };
    let endpoint = observed(make_sync(|_| -> Response {
        panic!("whsec_secret in the message")
    }));
    let request = Request::builder().header("host", "x").finish();
    let response = endpoint.call(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = response.into_body().into_string().await.unwrap();
    assert!(
        body.contains("internal_error") && !body.contains("whsec_"),
        "{body}"
    );
}

fn panicking_app() -> App {
    let metrics = Metrics::new().unwrap();
    let jwks = Jwks::new("http://127.0.0.1:9/".parse().unwrap(), RefreshPolicy::default()).unwrap();
    App::new(Parts {
        store: StoreSlot::default(),
        stopping: crate::stopping::Stopping::default(),
        sessions: SessionVerifier::new(KeySource::Jwks(Box::new(jwks)), Rules::default()).into(),
        service_keys: crate::auth::service_key::ServiceKeys::default().into(),
        api_keys: crate::auth::look_ups::LookUps::default(),
        portal_sessions: crate::auth::look_ups::LookUps::default(),
        secrets: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
            .parse::<domain::sealing::SecretsKeyring>()
            .unwrap()
            .into(),
        urls: domain::endpoint::UrlPolicy::default(),
        header_prefix: domain::header_names::HeaderPrefix::default(),
        event_types: domain::catalog::Catalog::default(),
        allowance: Allowance {
            payload_bytes: 1,
            endpoints: 1,
            budgets: Budgets {
                account_bytes: 1,
                parked_bytes: 1,
            },
        },
        rates: RateLimits::NONE,
        refusals: Refusals::default(),
        streams: Arc::new(Streams::new(metrics.clone())),
        metrics,
        tracer: traces::Tracer::default(),
    })
}

#[tokio::test]
async fn a_stop_lets_open_requests_finish_and_idle_connections_go() {
    let mut server = start().await;
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut buffer = [0; 1024];
    assert!(idle.read(&mut buffer).await.unwrap() > 0);
    let mut open = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {SERVICE_KEY}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{"
    );
    open.write_all(head.as_bytes()).await.unwrap();
    // The request has begun when its counter says so.
    while !server.app.metrics.render().contains("requests_in_flight 1") {
        tokio::task::yield_now().await;
    }
    server.stop.take().unwrap().send(()).unwrap();
    assert_eq!(
        idle.read(&mut buffer).await.unwrap(),
        0,
        "the idle connection is closed"
    );
    open.write_all(b"}").await.unwrap();
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 422") && answer.contains("missing_field"),
        "{answer}"
    );
    tokio::time::timeout(Duration::from_secs(10), server.stopped)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
}
