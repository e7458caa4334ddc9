//! nginx in front of the API, with its defaults: it passes on what strangers send, and takes an answer that it can't read for a
//! failure of the API. Two of those in a row, and nobody is served for ten seconds.
//!
//! Proves (guarantees): strangers post through nginx

use e2e::client::{Caller, Reply};
use e2e::process::Process;
use e2e::system::{SERVICE_KEY, System};
use reqwest::Method;
use serde_json::json;

use super::real::Server;

/// Two processes of the API behind one nginx.
struct Front {
    system: System,
    _second: Process,
    nginx: Server,
}

impl Front {
    async fn start() -> Self {
        let system = System::builder().workers(0).start().await;
        let second = system.another_api().await;
        let listen = second.variable("API_LISTEN").unwrap();
        let first = system.api.variable("API_LISTEN").unwrap();
        let upstream = format!("upstream api {{ server {first}; server {listen}; }}");
        let server = "client_max_body_size 10m; location / { proxy_pass http://api; }";
        let nginx = Server::nginx(&upstream, "", server).await;
        Self {
            system,
            _second: second,
            nginx,
        }
    }

    fn caller(&self) -> Caller {
        Caller::new(&format!("http://{}", self.nginx.address()), Some(SERVICE_KEY))
    }
}

fn body(bytes: usize) -> Vec<u8> {
    vec![b' '; bytes]
}

fn assert_problem(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code()), (status, code), "{}", reply.text);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_nobody_wants_take_no_api_out() {
    let mut front = Front::start().await;
    let (caller, event) = (
        front.caller(),
        json!({"accountId": "org:a", "event": "lead.captured", "chatbotId": "c", "data": {}}),
    );
    for round in 0..10 {
        let post = |path: &str, bytes| caller.request(Method::POST, path).body(body(bytes));
        assert_problem(&Caller::send(post("/nope", 1_000_000)).await, 404, "not_found");
        // A batch to a path with a slash too many.
        assert_problem(
            &Caller::send(post("/api/events/batch/", 4 << 20)).await,
            404,
            "not_found",
        );
        let long = (0..3).fold(post("/api/events", 1_000_000), |request, number| {
            request.header(format!("x-long-{number}"), "a".repeat(7000))
        });
        assert_problem(&Caller::send(long).await, 431, "head_too_large");
        for fields in [70, 150] {
            let many = (0..fields).fold(post("/api/events", 1_000_000), |request, number| {
                request.header(format!("x-{number}"), "a")
            });
            assert_problem(&Caller::send(many).await, 431, "head_too_large");
        }
        let wrong = Caller::new(
            &format!("http://{}", front.nginx.address()),
            Some("whk_wrong_key"),
        );
        let wrong = wrong.request(Method::POST, "/api/events").body(body(9 << 20));
        assert_problem(&Caller::send(wrong).await, 401, "invalid_token");
        for _ in 0..4 {
            let pushed = caller.post("/api/events", &event).await;
            assert_eq!(pushed.status, 202, "round {round}: {}", pushed.text);
        }
    }
    front.system.stop();
}
