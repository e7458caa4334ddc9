//! Endpoints that hang, by the hundred, beside those of another account.
//!
//! Proves (guarantees): endpoints of one account that hang, many or new, leave slots to other accounts
//! Proves (security): An account makes at most `DESTINATION_CONCURRENCY` (64) requests at once to one host and port
//! Proves (guarantees): an account has at most `DESTINATION_CONCURRENCY` attempts in flight at one destination

use std::collections::HashSet;
use std::time::Duration;

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use serde_json::json;

const NEIGHBOUR: &str = "org_2neighbour";

/// Longer than the test waits for anything: an attempt that hangs frees no slot.
const TIMEOUT: &str = "5m";

async fn system(slots: &str) -> System {
    System::builder()
        .env("DELIVERY_TIMEOUT", TIMEOUT)
        .env("WORKER_CONCURRENCY", slots)
        .env("MAX_ENDPOINTS_PER_ACCOUNT", "1000")
        .start()
        .await
}

/// Ten events of another account arrive while these endpoints hang.
async fn neighbour_is_served(system: &System, receiver: &Receiver, url: &str) {
    let account = format!("org:{NEIGHBOUR}");
    receiver.always("/well", Answer::status(200));
    system.customer_of(NEIGHBOUR).create_endpoint(url, &["*"]).await;
    for _ in 0..10 {
        system.backend().push(&account, "message.sent", json!({})).await;
    }
    receiver.wait_for_at("/well", 10).await;
}

async fn endpoints(customer: &Caller, urls: impl IntoIterator<Item = String>) {
    for url in urls {
        customer.create_endpoint(&url, &["*"]).await;
    }
}

/// More new endpoints than the worker has slots, each at an address of its own.
#[tokio::test(flavor = "multi_thread")]
async fn new_endpoints_that_hang_take_no_slot_that_another_account_needs() {
    let system = system("256").await;
    let port = free_port();
    let receiver = Receiver::start_at(format!("0.0.0.0:{port}").parse().unwrap()).await;
    receiver.always("/hang", Answer::hang());
    let urls = (0..300).map(|number| {
        format!(
            "http://127.0.{}.{}:{port}/hang",
            1 + number / 200,
            1 + number % 200
        )
    });
    endpoints(&system.customer(), urls).await;
    system
        .backend()
        .push(system.account(), "message.sent", json!({}))
        .await;
    receiver.wait_for_at("/hang", 40).await;
    neighbour_is_served(&system, &receiver, &format!("http://127.0.0.1:{port}/well")).await;
    assert!(receiver.most_open() < 200, "{}", receiver.most_open());
}

/// Endpoints of one host that have answered before, and hang all at once.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_of_one_host_that_hang_at_once_take_no_slot_that_another_account_needs() {
    let system = system("256").await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for number in 0..100 {
        let path = format!("/hook/{number}");
        receiver.always(&path, Answer::status(200));
        let id = customer.create_endpoint(&receiver.url(&path), &["*"]).await.id;
        system.end_slow_start(&id);
    }
    let push = || async {
        system
            .backend()
            .push(system.account(), "message.sent", json!({}))
            .await;
    };
    push().await;
    receiver.wait_for(100).await;
    for number in 0..100 {
        receiver.always(&format!("/hook/{number}"), Answer::hang());
    }
    for _ in 0..10 {
        push().await;
    }
    receiver.wait_for(164).await;
    neighbour_is_served(&system, &receiver, &receiver.url("/well")).await;
    let hanging = receiver.count() - 100 - 10;
    assert_eq!(hanging, 64, "as many as an account has at one destination");
}

/// A hundred endpoints at one victim, with much to send.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_gets_so_many_requests_of_an_account_at_once_and_all_of_them() {
    let system = System::builder()
        .workers(2)
        .env("DESTINATION_CONCURRENCY", "8")
        .env("MAX_ENDPOINTS_PER_ACCOUNT", "1000")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let paths: Vec<_> = (0..100).map(|number| format!("/hook/{number}")).collect();
    for path in &paths {
        receiver.always(path, Answer::status(200).after(Duration::from_millis(20)));
    }
    endpoints(&system.customer(), paths.iter().map(|path| receiver.url(path))).await;
    for _ in 0..10 {
        system
            .backend()
            .push(system.account(), "message.sent", json!({}))
            .await;
    }
    let requests = receiver.wait_for(1000).await;
    let distinct: HashSet<_> = requests
        .iter()
        .map(|request| request.expect_header("x-rkt-delivery").to_owned())
        .collect();
    assert_eq!((requests.len(), distinct.len()), (1000, 1000));
    assert!(receiver.most_open() <= 8, "{}", receiver.most_open());
    system.finish().await;
}
