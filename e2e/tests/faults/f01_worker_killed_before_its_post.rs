//! Kills a worker (`kill -9`) before its POST.
//!
//! Proves (guarantees): a worker is killed before its POST
//! Proves (guarantees): a worker is killed, stopped or restarted

use std::net::TcpListener;

use e2e::account::Account;
use e2e::receiver::{Receiver, TestCa};
use e2e::redis_clock;
use e2e::wait::{LONG, check, eventually};

use crate::scene::builder;
use crate::worker_scene::{PAST_A_LEASE, push, respawn, wait_for_leases};

/// How many deliveries the endpoint gets in flight.
const IN_FLIGHT: usize = 32;

/// The worker dies with 32 open connections and no request sent, since the receiver doesn't answer the TLS handshake. The
/// deliveries arrive when their leases have expired, each once, and still as its first attempt.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_leased_is_sent_once() {
    let ca = TestCa::new();
    let authorities = ca.pem_file().to_str().unwrap().to_owned();
    let mut system = builder()
        .env("SSL_CERT_FILE", authorities)
        .worker_env("ENDPOINT_CONCURRENCY", IN_FLIGHT.to_string())
        .start()
        .await;
    let mut receiver = Receiver::start_tls(&ca).await;
    let endpoint = system
        .customer()
        .create_endpoint(&receiver.url("/hook"), &["*"])
        .await;
    system.end_slow_start(&endpoint.id);
    receiver.close().await;
    // Accepts connections and says nothing.
    let silent = TcpListener::bind(receiver.address()).unwrap();
    silent.set_nonblocking(true).unwrap();

    let pushed = push(&system, "lead.captured", 40).await;
    let mut connected = Vec::new();
    eventually(LONG, "the worker to connect", async || {
        connected.extend(std::iter::from_fn(|| silent.accept().ok()));
        check(connected.len() >= IN_FLIGHT, format!("{} times", connected.len()))
    })
    .await;
    wait_for_leases(&system.redis, IN_FLIGHT).await;
    system.workers[0].kill9();
    drop((connected, silent));
    receiver.reopen().await;
    respawn(&mut system.workers[0]).await;
    // Leases of the dead worker fill the endpoint's cap: deliveries flow once they have expired.
    redis_clock::pass(&system.redis, PAST_A_LEASE).await;

    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert_eq!((balance.delivered, balance.duplicates), (40, 0));
    let requests = receiver.received();
    assert!(
        requests
            .iter()
            .all(|request| request.header("x-rkt-attempt") == Some("1"))
    );
    system.stop();
}
