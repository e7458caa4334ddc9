//! The program itself: its configuration, its signals and its exit codes.

use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver, TestCa};
use e2e::redis_server::RedisServer;
use e2e::state::{assert_nothing_left, connect, keys};
use e2e::wait::{LONG, check, eventually};
use store::Store;

use crate::fixture::{KEY, endpoint, push};

const WORKER: &str = "webhooks-worker";

fn environment(redis: &RedisServer, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let (url, listen) = (redis.url(), format!("127.0.0.1:{}", free_port()));
    let own = [
        ("REDIS_URL", url.as_str()),
        ("WORKER_LISTEN", &listen),
        ("SECRETS_KEY", KEY),
        ("ALLOW_NETWORKS", "127.0.0.0/8"),
        ("LOG_FORMAT", "text"),
        ("NO_COLOR", "1"),
    ];
    own.iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

async fn started(redis: &RedisServer, more: &[(&str, &str)]) -> Process {
    let mut process = Process::start(WORKER, &environment(redis, more));
    let url = format!("http://{}/readyz", process.variable("WORKER_LISTEN").unwrap());
    process.wait_ready(&url).await;
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_and_a_signal_ends_the_worker_well() {
    let redis = RedisServer::start();
    let ca = TestCa::new();
    let receiver = Receiver::start_tls(&ca).await;
    let authorities = ca.pem_file();
    let mut process = started(&redis, &[("SSL_CERT_FILE", authorities.to_str().unwrap())]).await;
    let store = Store::new(&redis.args()).unwrap();
    endpoint(&store, &receiver.url("/hook"), &KEY.parse().unwrap()).await;
    push(&store, 3).await;
    receiver.wait_for(3).await;
    assert_nothing_left(&redis).await;
    let status = process.terminate();
    assert!(status.success(), "{status}: {}", process.log());
    assert!(!process.log().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_signal_ends_it_at_once() {
    let redis = RedisServer::start();
    let receiver = Receiver::start().await;
    receiver.always("/", Answer::hang());
    let mut process = started(&redis, &[("ALLOW_HTTP", "true"), ("DELIVERY_TIMEOUT", "10m")]).await;
    let store = Store::new(&redis.args()).unwrap();
    endpoint(&store, &receiver.url("/"), &KEY.parse().unwrap()).await;
    push(&store, 1).await;
    receiver.wait_for(1).await;
    process.ask_to_end();
    eventually(LONG, "the stop to begin", async || {
        check(process.log().contains("stopping"), process.log())
    })
    .await;
    // Signals that come together count as one, so it is asked until it has ended.
    eventually(LONG, "the end", async || {
        process.ask_to_end();
        check(!process.is_running(), process.log())
    })
    .await;
    assert_eq!(process.wait().code(), Some(130), "{}", process.log());
    assert_eq!(
        keys(&mut connect(&redis), "leases").len(),
        1,
        "its lease will expire"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_start_is_told_in_one_sentence() {
    let redis = RedisServer::start_with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
    let run = |more: &[(&str, &str)]| {
        let output = Process::run(WORKER, &[], &environment(&redis, more));
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(&[("LOG_LENGTH", "0")]);
    assert_eq!(
        (code, text.as_str()),
        (Some(2), "LOG_LENGTH: 0 is not in 1..=100000\n")
    );
    let (code, text) = run(&[("SECRETS_KEY", "nonsense")]);
    assert!(
        code == Some(2) && text.starts_with("SECRETS_KEY: ") && !text.contains("nonsense"),
        "{text}"
    );
    let (code, text) = run(&[]);
    assert!(code == Some(1) && text.contains("maxmemory-policy"), "{text}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, text) = run(&[("WORKER_LISTEN", &taken.local_addr().unwrap().to_string())]);
    assert!(
        code == Some(1) && text.contains("WORKER_LISTEN: can't listen on"),
        "{text}"
    );
}
