use super::*;
use crate::config::Config;
use clap::Parser as _;
use poem::endpoint::make_sync;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn asked(pages: impl Endpoint<Output = Response>, method: &str, path: &str) -> (Response, String) {
    let request = Request::builder()
        .method(method.parse().unwrap())
        .uri_str(path)
        .finish();
    let mut response = answer(&pages, request).await;
    let body = response.take_body().into_string().await.unwrap();
    (response, body)
}

fn pages() -> impl Endpoint<Output = Response> {
    let page = get(make_sync(|_| "fine"));
    Route::new().at("/healthz", page).map_to_response()
}

#[tokio::test]
async fn what_goes_wrong_is_a_problem_that_tells_nothing() {
    let (response, body) = asked(pages(), "GET", "/healthz").await;
    assert_eq!((response.status(), body.as_str()), (StatusCode::OK, "fine"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    for (method, path, status) in [("GET", "/nothing", 404), ("POST", "/healthz", 405)] {
        let (response, body) = asked(pages(), method, path).await;
        assert_eq!(response.status(), status);
        assert_eq!(
            response.content_type(),
            Some("application/problem+json"),
            "{body}"
        );
        assert_eq!(response.header("allow").is_some(), status == 405);
    }
    let panics = make_sync(|_| -> Response { panic!("whsec_secret in the message") });
    let (response, body) = asked(panics, "GET", "/").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.content_type(), Some("application/problem+json"));
    assert!(!body.contains("whsec_"), "{body}");
}

#[tokio::test]
async fn idle_visitors_keep_nobody_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config::try_parse_from([
        "webhooks-worker",
        "--secrets-key",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "--redis-url",
        "redis://127.0.0.1:9",
    ]);
    config.unwrap();
    let (_stopper, stopping) = crate::stop::Stopper::new();
    let probes = Probes {
        interest: Interest::default(),
        shards: KnownShards::default(),
        trouble: Trouble::new("Redis has not answered yet"),
        fitness: Fitness::new(Metrics::new().unwrap()),
        egress: Egress::default(),
        metrics: Metrics::new().unwrap(),
        stopping,
        drain: Drain::default(),
        clock: Clock::new(Metrics::new().unwrap().clock_skew),
    };
    let serving = tokio::spawn(serve(probes, listener));
    let mut idle = Vec::new();
    for _ in 0..2 * MAX_CONNECTIONS {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let mut visitor = TcpStream::connect(address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    visitor.write_all(request).await.unwrap();
    let mut said = String::new();
    visitor.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    serving.abort();
}
