//! What is done around every request, and clients that are slow, large or foreign.

use poem::http::{HeaderMap, Method};

use super::*;

/// Long beside what is tested, short beside a test's patience.
const SHORT: Duration = Duration::from_millis(300);

/// Sends a text and reads until the server closes the connection.
async fn say(server: &Running, text: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    rest_of(&mut stream).await
}

async fn rest_of(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // What is closed with bytes unread is reset, after what was said.
    let reading = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut said));
    drop(reading.await.expect("the server closes the connection"));
    String::from_utf8(said).unwrap()
}

fn post(path: &str, rest: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {SERVICE_KEY}\r\ncontent-type: application/json\r\n{rest}"
    )
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_a_problem_and_ends_the_connection() {
    let short = |part, whole| Settings {
        patience: Patience { part, whole, rate: 1 },
        ..settings()
    };
    let long = Duration::from_secs(60);
    // One stops in the middle; the other never stops for long.
    for (settings, drips) in [(short(SHORT, long), false), (short(long, SHORT), true)] {
        let server = start_with(settings).await;
        for length in [
            "content-length: 100000\r\n\r\n{",
            "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        ] {
            let stream = TcpStream::connect(server.address()).await.unwrap();
            let (mut reader, mut writer) = stream.into_split();
            writer
                .write_all(post("/api/events", length).as_bytes())
                .await
                .unwrap();
            let drip = async {
                let part = if length.contains("chunked") {
                    "1\r\n \r\n"
                } else {
                    " "
                };
                while drips && writer.write_all(part.as_bytes()).await.is_ok() {
                    tokio::time::sleep(SHORT / 20).await;
                }
                std::future::pending::<()>().await;
            };
            let mut said = Vec::new();
            tokio::select! {
                () = drip => {}
                read = tokio::time::timeout(Duration::from_secs(30), reader.read_to_end(&mut said)) => {
                    drop(read.expect("the server closes the connection"));
                }
            }
            let said = String::from_utf8(said).unwrap();
            assert!(
                said.starts_with("HTTP/1.1 408") && said.contains("request_timeout"),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn a_long_head_is_a_problem_and_a_longer_one_ends_the_connection() {
    let server = start().await;
    let many = "a: b\r\n".repeat(70);
    let long = format!("x-long: {}\r\n", "a".repeat(17 << 10));
    let close = "connection: close\r\n";
    for head in [
        format!("GET /healthz HTTP/1.1\r\n{close}{many}\r\n"),
        format!("GET /healthz HTTP/1.1\r\n{close}{long}\r\n"),
        format!("GET /healthz?{} HTTP/1.1\r\n{close}\r\n", "a".repeat(17 << 10)),
    ] {
        let said = say(&server, &head).await;
        assert!(
            said.starts_with("HTTP/1.1 431") && said.contains("head_too_large"),
            "{said}"
        );
    }
    let longer = format!("GET /healthz HTTP/1.1\r\n{}\r\n", long.repeat(3));
    let said = say(&server, &longer).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
    let most = format!("x-long: {}\r\n", "a".repeat(15 << 10));
    let said = say(
        &server,
        &format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{close}{most}\r\n"),
    )
    .await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}

#[tokio::test]
async fn a_request_has_one_host_and_says_so_if_not() {
    let server = start().await;
    for (hosts, status) in [
        ("host: x\r\n", "200"),
        ("", "400"),
        ("host: x\r\nhost: y\r\n", "400"),
        ("host: x\r\nHost: x\r\n", "400"),
        ("host: x, y\r\n", "400"),
    ] {
        let said = say(
            &server,
            &format!("GET /healthz HTTP/1.1\r\n{hosts}connection: close\r\n\r\n"),
        )
        .await;
        assert!(
            said.starts_with(&format!("HTTP/1.1 {status} ")),
            "{hosts:?}: {said}"
        );
        assert_eq!(said.contains("bad_request"), status == "400", "{hosts:?}: {said}");
    }
    let said = say(&server, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.0 200 "), "{said}");
}

#[tokio::test]
async fn a_body_on_a_path_that_does_not_exist_is_answered_at_once_and_not_waited_for() {
    let server = start().await;
    for rest in [
        "content-length: 30000000\r\n\r\n{",
        "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        "expect: 100-continue\r\ncontent-length: 30000000\r\n\r\n",
    ] {
        // The connection is closed after a while although the body hasn't come.
        let said = say(&server, &post("/api/nothing", rest)).await;
        assert!(
            said.starts_with("HTTP/1.1 404") && said.contains("not_found"),
            "{said}"
        );
    }
    // A body that came with the head does no harm to the connection.
    let twice = post("/api/nothing", "content-length: 1\r\n\r\n{")
        + "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let said = say(&server, &twice).await;
    assert!(said.contains("HTTP/1.1 200"), "{said}");
}

#[tokio::test]
async fn odd_targets_and_methods_are_answered_like_any_other() {
    let server = start().await;
    for (line, status, code) in [
        ("CONNECT 127.0.0.1:22", "404", "not_found"),
        ("OPTIONS *", "404", "not_found"),
        ("GET //healthz", "404", "not_found"),
        ("GET /healthz/../metrics", "404", "not_found"),
        ("GET /healthz%2f", "404", "not_found"),
        ("TRACE /healthz", "405", "method_not_allowed"),
        ("PRI /healthz", "405", "method_not_allowed"),
        ("GET http://other.example/healthz", "200", "ok"),
        ("GET /healthz?a=%00&b", "200", "ok"),
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-tell: secret\r\n\r\n");
        let said = say(&server, &request).await;
        assert!(
            said.starts_with(&format!("HTTP/1.1 {status}")) && said.contains(code),
            "{line}: {said}"
        );
        assert!(!said.contains("secret"), "{line}: {said}");
    }
}

#[tokio::test]
async fn nobody_is_asked_for_a_body_that_is_refused() {
    let server = start().await;
    let expects = "expect: 100-continue\r\nconnection: close\r\n";
    for (request, status) in [
        (
            format!("POST /api/events HTTP/1.1\r\nhost: x\r\n{expects}content-length: 10\r\n\r\n"),
            "401",
        ),
        (
            post(
                "/api/events",
                &format!("{expects}content-length: 30000000\r\n\r\n"),
            ),
            "413",
        ),
    ] {
        let said = say(&server, &request).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
    }
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = post("/api/events", &format!("{expects}content-length: 2\r\n\r\n"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = [0; 25];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    let said = rest_of(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 422"), "{said}");
}

#[tokio::test]
async fn every_answer_has_an_id_and_tells_browsers_to_be_careful() {
    let (server, client) = (start().await, client());
    let get = async |path: &str, id: Option<&str>| -> HeaderMap {
        let mut request = client.get(format!("{}{path}", server.url));
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        request.send().await.unwrap().headers().clone()
    };
    for path in [
        "/healthz",
        "/docs",
        "/errors",
        "/openapi.json",
        "/nothing",
        "/api/events",
        "/api/webhooks-config",
        "/readyz",
    ] {
        let headers = get(path, Some("trace-1")).await;
        assert_eq!(headers["x-request-id"], "trace-1", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        let is_page = matches!(path, "/docs" | "/errors" | "/openapi.json");
        let cache = if is_page {
            "public, max-age=300"
        } else {
            "no-store"
        };
        assert_eq!(headers["cache-control"], cache, "{path}");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(headers.get_all("content-security-policy").iter().count(), 1);
    }
    for path in ["/dashboard", "/dashboard/x", "/dashboard/assets/nothing.js"] {
        let headers = get(path, None).await;
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
    // The one page that may be framed, and only by whom the policy names: the older header can name nobody.
    let headers = get("/dashboard/embed", None).await;
    assert!(!headers.contains_key("x-frame-options"));
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("; frame-ancestors https://portal.example.com;"),
        "{policy}"
    );
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    let (one, other) = (
        get("/healthz", None).await,
        get("/healthz", Some("not harmless")).await,
    );
    assert_ne!(one["x-request-id"], other["x-request-id"]);
    assert_ne!(other["x-request-id"], "not harmless");
}

/// The names in a header that lists headers.
fn listed(value: &reqwest::header::HeaderValue) -> Vec<String> {
    let names = value.to_str().unwrap().split(", ");
    names.map(str::to_ascii_lowercase).collect()
}

#[tokio::test]
async fn pages_of_configured_origins_may_call_and_no_others() {
    let (server, client) = (start().await, client());
    let url = format!("{}/api/webhooks-config", server.url);
    let preflight = async |url: &str, origin: &str| {
        client
            .request(Method::OPTIONS, url)
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization,content-type")
            .send()
            .await
            .unwrap()
    };
    let response = preflight(&url, "https://app.example.com").await;
    assert_eq!(response.status(), 204);
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "https://app.example.com");
    assert_eq!(
        headers["access-control-allow-methods"],
        "DELETE, GET, HEAD, PATCH, POST, PUT"
    );
    assert_eq!(
        listed(&headers["access-control-allow-headers"]),
        [
            "authorization",
            "baggage",
            "content-type",
            "idempotency-key",
            "if-match",
            "last-event-id",
            "sentry-trace",
            "traceparent",
            "tracestate",
            "x-request-id",
            "x-requested-with",
        ]
    );
    assert_eq!(headers["vary"], "Origin");
    assert!(!headers.contains_key("access-control-allow-credentials"));
    assert!(response.bytes().await.unwrap().is_empty());

    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.com.evil.example",
    ] {
        let response = preflight(&url, origin).await;
        assert_eq!(response.status(), 405);
        assert!(!response.headers().contains_key("access-control-allow-origin"));
        assert_eq!(response.headers()["vary"], "Origin");
    }

    // Errors too can be read by the page, or it could not tell its user what is wrong: that a path doesn't exist, for example.
    let nothing = format!("{}/nothing", server.url);
    let unknown = preflight(&nothing, "https://app.example.com").await;
    assert_eq!(unknown.status(), 204);
    assert_eq!(
        unknown.headers()["access-control-allow-methods"],
        "DELETE, GET, HEAD, PATCH, POST, PUT"
    );
    assert_eq!(preflight(&nothing, "https://evil.example").await.status(), 404);
    let call = async |origin: &str| client.get(&url).header("origin", origin).send().await.unwrap();
    let response = call("https://app.example.com").await;
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://app.example.com"
    );
    assert_eq!(
        listed(&response.headers()["access-control-expose-headers"]),
        [
            "allow",
            "etag",
            "location",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "www-authenticate",
            "x-request-id",
        ]
    );
    let response = call("https://evil.example").await;
    assert!(!response.headers().contains_key("access-control-allow-origin"));

    let closed = start_with(Settings {
        origins: Origins::default(),
        ..settings()
    })
    .await;
    let url = format!("{}/api/webhooks-config", closed.url);
    let response = preflight(&url, "https://app.example.com").await;
    assert_eq!(response.status(), 405);
    assert!(!response.headers().contains_key("vary"));
}

#[tokio::test]
async fn a_body_that_comes_at_less_than_the_rate_is_a_problem() {
    let server = start_with(Settings {
        patience: Patience {
            part: SHORT,
            rate: 1000,
            ..Patience::default()
        },
        ..settings()
    })
    .await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let head = post("/api/events", "content-length: 100000\r\n\r\n{");
    writer.write_all(head.as_bytes()).await.unwrap();
    // Never stops for as long as it might, and yet brings a few hundred bytes a second.
    let drip = async {
        while writer.write_all(b"     ").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    tokio::select! {
        () = drip => {}
        read = tokio::time::timeout(Duration::from_secs(30), reader.read_to_end(&mut said)) => {
            drop(read.expect("the server closes the connection"));
        }
    }
    let said = String::from_utf8(said).unwrap();
    assert!(
        said.starts_with("HTTP/1.1 408") && said.contains("request_timeout"),
        "{said}"
    );
}

#[tokio::test]
async fn the_last_places_are_for_service_keys_and_probes_and_the_refusal_is_a_whole_answer() {
    // Whoever is slow may be so for long: nobody makes room.
    let limits = Limits {
        connections: 4,
        kept: 2,
        grace: Duration::from_secs(600),
        head: Duration::from_secs(600),
        ..Limits::usual(4)
    };
    let server = start_with(Settings { limits, ..settings() }).await;
    let client = || {
        // A connection for each request.
        reqwest::Client::builder().no_proxy().build().unwrap()
    };
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(b"GET /healthz HTT").await.unwrap();
        slow.push(stream);
    }
    let get = async |path: &str| {
        let request = client().get(format!("{}{path}", server.url));
        request
            .header("origin", "https://app.example.com")
            .send()
            .await
            .unwrap()
    };
    for path in ["/docs", "/api/webhooks-config", "/nothing"] {
        let response = get(path).await;
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["connection"], "close");
        assert_eq!(
            response.headers()["access-control-allow-origin"],
            "https://app.example.com"
        );
        assert_eq!(
            problem(response).await,
            told(503, "server_crowded", None),
            "{path}"
        );
    }
    assert_eq!(get("/healthz").await.status(), 200);
    assert_eq!(get("/readyz").await.status(), 503);
    let push = async |key: &str| {
        let request = client()
            .post(format!("{}/api/events", server.url))
            .bearer_auth(key);
        let event = json!({"accountId": "org:a", "event": "lead.captured", "chatbotId": "c", "data": {}});
        let request = request
            .header("content-type", "application/json")
            .body(event.to_string());
        problem(request.send().await.unwrap()).await.1
    };
    assert_eq!(push(SERVICE_KEY).await, "store_unavailable", "it is served");
    assert_eq!(push("whk_backend_wrong").await, "server_crowded");
    drop(slow.pop());
    // When the server has noticed, there is an ordinary place.
    while get("/docs").await.status() != 200 {
        tokio::task::yield_now().await;
    }
}
