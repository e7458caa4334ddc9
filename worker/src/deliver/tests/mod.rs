//! Attempts against receivers on real sockets.

mod again;

mod crowded;

mod guard;

mod misbehaving;

mod odd;

mod phases;

mod proxy;

mod receiver;

mod tls;

use std::sync::Arc;
use std::time::Duration;

use domain::endpoint::UrlPolicy;
use domain::signing::SigningSecret;
use reqwest::dns::Resolve;
use store::queue::{AttemptRecord, Outcome};

use super::*;
use crate::stop::Stopper;
use crate::tests::{SECRET, development, keyring, leased};
use crate::transport::resolver::SystemResolver;
use crate::transport::{self, Roots, Settings};
use receiver::{Answer, Receiver};

/// Long enough for a busy machine, where the outcome doesn't depend on it.
const PATIENT: Duration = Duration::from_secs(30);

/// The most requests of an account that are on their way to one address.
const MOST_AT_ADDRESS: u32 = 8;

fn deliverer(timeout: Duration) -> Deliverer {
    deliverer_with(
        timeout,
        development(),
        Roots::Only(vec![]),
        Arc::new(SystemResolver::for_attempts_of(std::time::Duration::from_secs(
            10,
        ))),
    )
}

/// A clock that has measured nothing: it shows this machine's time.
fn clock() -> Clock {
    Clock::new(Metrics::new().unwrap().clock_skew)
}

fn deliverer_with(timeout: Duration, urls: UrlPolicy, roots: Roots, names: Arc<dyn Resolve>) -> Deliverer {
    deliverer_through(None, timeout, urls, roots, names)
}

fn deliverer_through(
    proxy: Option<&str>,
    timeout: Duration,
    urls: UrlPolicy,
    roots: Roots,
    names: Arc<dyn Resolve>,
) -> Deliverer {
    let settings = Settings {
        addresses: urls.addresses.clone(),
        roots,
        proxy: proxy.map(|proxy| proxy.parse().unwrap()),
        most_at_address: MOST_AT_ADDRESS,
        timeout,
    };
    let client = transport::Client::new(settings, names).unwrap();
    let (_stopper, stop) = Stopper::new();
    let metrics = Metrics::new().unwrap();
    let sender = Arc::new(Sender::new(
        client,
        urls,
        (&domain::header_names::HeaderPrefix::default()).into(),
        keyring().into(),
        timeout,
        clock(),
        Egress::default(),
    ));
    let fitness = Fitness::new(metrics.clone());
    Deliverer::new(
        sender,
        RetrySchedule::default(),
        stop,
        metrics,
        fitness,
        traces::Tracer::default(),
        store::workers::WorkerName::new("test", 1),
    )
}

/// What an attempt came to: the record, and the wait until the next attempt.
async fn attempt(deliverer: &Deliverer, url: &str) -> (AttemptRecord, Option<Duration>) {
    match deliverer.attempt(&leased(url, br#"{"test": 2432232314}"#)).await {
        Ok(Outcome::Succeeded(record)) => (record, None),
        Ok(Outcome::Failed {
            attempt,
            retry_in,
            gone,
            rest,
        }) => {
            assert_eq!(
                (gone, rest.is_some()),
                (attempt.error == Some("gone"), attempt.error == Some("dns"))
            );
            (attempt, retry_in)
        }
        other => panic!("no attempt: {other:?}"),
    }
}

async fn attempt_on(answer: Answer, timeout: Duration) -> (AttemptRecord, Option<Duration>, Receiver) {
    let receiver = Receiver::start(answer).await;
    let (record, wait) = attempt(&deliverer(timeout), &format!("http://{}/hook", receiver.address)).await;
    (record, wait, receiver)
}

fn whole(head: &str, body: &str) -> Answer {
    Answer::Whole(format!(
        "HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

#[tokio::test]
async fn what_a_receiver_gets_is_what_is_documented() {
    let receiver = Receiver::start(whole("204 No Content", "")).await;
    let lease = leased(
        &format!("http://{}/hook?a=b", receiver.address),
        br#"{"test": 2432232314}"#,
    );
    let outcome = deliverer(PATIENT).attempt(&lease).await;
    assert!(matches!(outcome, Ok(Outcome::Succeeded(_))), "{outcome:?}");

    let request = String::from_utf8(receiver.requests().remove(0)).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"test": 2432232314}"#, "the stored bytes as they are");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST /hook?a=b HTTP/1.1"));
    let header = |name: &str| {
        let mut values = head
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{name}: ")));
        let value = values
            .next()
            .unwrap_or_else(|| panic!("{name} is missing: {head}"));
        assert_eq!(values.next(), None, "{name} is there once");
        value.to_owned()
    };
    assert_eq!(header("Content-Type"), "application/json");
    assert_eq!(header("Content-Length"), "20");
    assert_eq!(
        header("User-Agent"),
        format!("RKT-Webhooks/{}", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        header("X-RKT-Signature"),
        "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c"
    );
    assert_eq!(header("X-RKT-Event"), "lead.captured");
    assert_eq!(header("X-RKT-Delivery"), lease.delivery.as_str());
    assert_eq!(header("X-RKT-Attempt"), "1");
    assert_eq!(header("webhook-id"), lease.event.id.as_str());
    let seconds: i64 = header("webhook-timestamp").parse().unwrap();
    let expected = SigningSecret::parse(SECRET).unwrap().standard_signature(
        lease.event.id.as_str(),
        seconds,
        body.as_bytes(),
    );
    assert_eq!(header("webhook-signature"), expected);
    for absent in [
        "accept-encoding",
        "cookie",
        "referer",
        "x-rkt-replay",
        "x-rkt-test",
        "transfer-encoding",
    ] {
        let head = head.to_lowercase();
        assert!(!head.contains(&format!("\n{absent}:")), "{absent}: {head}");
    }
}

#[tokio::test]
async fn every_2xx_is_a_success_and_connections_are_used_again() {
    let receiver = Receiver::start(whole("202 Accepted", "thanks")).await;
    let deliverer = deliverer(PATIENT);
    for _ in 0..3 {
        let (record, _) = attempt(&deliverer, &format!("http://{}/", receiver.address)).await;
        assert_eq!((record.status, record.error), (Some(202), None));
        let kept = [&record.detail, &record.response_headers, &record.snippet];
        assert_eq!(kept, ["", "", ""]);
    }
    assert_eq!((receiver.requests().len(), receiver.connections()), (3, 1));
    assert_eq!(
        deliverer.metrics.attempts.with_label_values(&["succeeded"]).get(),
        3
    );
}

#[tokio::test]
async fn other_answers_are_failures_with_a_code_a_sentence_and_the_start_of_the_body() {
    for (head, code, sentence) in [
        (
            "500 Internal Server Error",
            "http_status",
            "answered 500 Internal Server Error",
        ),
        ("404 Not Found", "http_status", "answered 404 Not Found"),
        ("410 Gone", "gone", "answered 410 Gone"),
        ("304 Not Modified", "redirect", "answered 304 Not Modified"),
        (
            "302 Found\r\nlocation: /elsewhere?token=x",
            "redirect",
            "answered 302 Found to http://HOST/elsewhere; redirects are not followed",
        ),
    ] {
        let body = if head.starts_with("304") { "" } else { "no\tthanks" };
        let (record, wait, receiver) = attempt_on(whole(head, body), PATIENT).await;
        assert_eq!(record.error, Some(code), "{head}");
        assert_eq!(
            record.detail,
            sentence.replace("HOST", &receiver.address.to_string())
        );
        assert_eq!(record.snippet, body.replace('\t', "\\t"));
        assert_eq!(record.status, head[..3].parse().ok());
        let length = format!("content-length: {}\n", body.len());
        assert!(record.response_headers.contains(&length), "{record:?}");
        assert!(!record.response_headers.contains("token=x"), "{record:?}");
        let wait = wait.unwrap().as_secs_f64();
        assert!(
            (5.0..=5.5).contains(&wait),
            "the first wait of the schedule with its jitter: {wait}"
        );
        assert_eq!(
            receiver.requests().len(),
            1,
            "no redirect is followed, nothing is sent twice"
        );
    }
}

#[tokio::test]
async fn retry_after_lengthens_the_wait() {
    let (_, wait, _) = attempt_on(
        whole("500 Internal Server Error\r\nretry-after: 120", ""),
        PATIENT,
    )
    .await;
    assert_eq!(wait, Some(Duration::from_secs(120)));
    let (_, wait, _) = attempt_on(
        whole(
            "502 Bad Gateway\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT",
            "",
        ),
        PATIENT,
    )
    .await;
    assert!(wait.unwrap() >= Duration::from_secs(5), "but never shortens it");
}

#[tokio::test]
async fn a_receiver_that_gets_too_much_asks_for_a_pause() {
    for (head, asked) in [
        ("429 Too Many Requests", None),
        ("429 Too Many Requests\r\nretry-after: 7", Some(7)),
        ("429 Too Many Requests\r\nretry-after: 1.2", Some(2)),
        ("429 Too Many Requests\r\nretry-after: soon", None),
        ("503 Service Unavailable\r\nretry-after: 90000", Some(90_000)),
        (
            "503 Service Unavailable\r\nretry-after: Sunday, 06-Nov-94 08:49:37 GMT",
            Some(0),
        ),
    ] {
        let receiver = Receiver::start(whole(head, "slowly, please")).await;
        let url = format!("http://{}/hook", receiver.address);
        let outcome = deliverer(PATIENT).attempt(&leased(&url, b"{}")).await;
        let Ok(Outcome::Held {
            attempt,
            wait,
            retry_in,
            jitter,
        }) = outcome
        else {
            panic!("{head}: {outcome:?}");
        };
        assert_eq!(wait, asked.map(Duration::from_secs), "{head}");
        assert!(
            retry_in.unwrap() >= Duration::from_secs(asked.unwrap_or(5).min(86_400)),
            "{head}: {retry_in:?}"
        );
        assert!((0.0..=1.0).contains(&jitter));
        assert_eq!(
            (attempt.error, attempt.snippet.as_str()),
            (Some("http_status"), "slowly, please")
        );
    }
    // Without a time, a 503 is a failure like any other.
    let (record, wait, _) = attempt_on(whole("503 Service Unavailable", ""), PATIENT).await;
    assert_eq!(record.status, Some(503));
    assert!(wait.unwrap() < Duration::from_secs(6), "{wait:?}");
}

#[tokio::test]
async fn the_last_attempt_is_the_last() {
    let receiver = Receiver::start(whole("500 Internal Server Error", "")).await;
    let mut lease = leased(&format!("http://{}/", receiver.address), b"{}");
    lease.attempt = 10;
    let outcome = deliverer(PATIENT).attempt(&lease).await;
    assert!(
        matches!(outcome, Ok(Outcome::Failed { retry_in: None, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn our_own_trouble_is_no_attempt() {
    let deliverer = deliverer(PATIENT);
    let mut lease = leased("http://127.0.0.1:9999/", b"{}");
    Arc::make_mut(&mut lease.endpoint).account = "org:another".parse().unwrap();
    let outcome = deliverer.attempt(&lease).await;
    assert!(matches!(outcome, Err(NotAttempted::DamagedSecret)), "{outcome:?}");
    let mut lease = leased("http://127.0.0.1:9999/", b"{}");
    Arc::make_mut(&mut lease.event).event = "\n".to_owned();
    let outcome = deliverer.attempt(&lease).await;
    assert!(matches!(outcome, Err(NotAttempted::Unsendable(_))), "{outcome:?}");
}
