//! Several workers, and workers that end.

use std::collections::HashSet;

use e2e::receiver::{Answer, Received, Receiver};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

/// What makes two requests the same delivery.
fn delivery(request: &Received) -> String {
    request.expect_header("x-rkt-delivery").to_owned()
}

fn events(system: &System, count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            json!({
                "accountId": system.account(), "event": "message.sent", "chatbotId": "bot_1",
                "data": {"number": number},
            })
        })
        .collect()
}

/// Two workers with ten slots each, and twenty receivers that hold what they get: only if both work are twenty
/// requests open. Then all is let go, and each delivery has arrived once.
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_the_queue_without_duplicates() {
    let system = System::builder()
        .workers(2)
        .env("WORKER_CONCURRENCY", "10")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for number in 0..20 {
        let path = format!("/hook/{number}");
        receiver.always(&path, Answer::status(200).held());
        customer.create_endpoint(&receiver.url(&path), &["*"]).await;
    }
    for pushed in system.backend().push_batch(&events(&system, 100)).await {
        assert_eq!(pushed.deliveries, 20);
    }
    eventually(LONG, "both workers to be busy", async || {
        check(
            receiver.open() >= 20,
            format!("{} requests are open", receiver.open()),
        )
    })
    .await;
    receiver.open_gate();
    receiver.wait_for(2000).await;
    system.finish().await;
    let received = receiver.received();
    let distinct: HashSet<_> = received.iter().map(|request| delivery(request)).collect();
    assert_eq!((received.len(), distinct.len()), (2000, 2000));
    assert_eq!(receiver.most_open(), 20);
}

/// On SIGTERM a worker takes nothing new, finishes what is in flight, and leaves the rest to others.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_ends_gracefully() {
    let (mut system, receiver, endpoint) = System::builder()
        .env("WORKER_CONCURRENCY", "4")
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(200).held());
    system.backend().push_batch(&events(&system, 10)).await;
    receiver.wait_for(4).await;

    system.workers[0].ask_to_end();
    let worker = &system.workers[0];
    eventually(LONG, "the worker to say that it stops", async || {
        check(worker.log().contains("stopping"), worker.log())
    })
    .await;
    receiver.open_gate();
    let status = system.workers[0].wait();
    assert!(status.success(), "{status}: {}", system.workers[0].log());
    assert_eq!(receiver.count(), 4, "it took nothing new");
    let left = system.customer().endpoint(&endpoint.id).await;
    assert_eq!(left["queueDepth"], 6, "what was in flight is recorded: {left}");

    system.workers[0].restart();
    let received = receiver.wait_for(10).await;
    let distinct: HashSet<_> = received.iter().map(|request| delivery(request)).collect();
    assert_eq!(distinct.len(), 10);
    system.finish().await;
    assert_eq!(receiver.count(), 10, "nothing is sent twice");
}

/// A killed worker's deliveries are another worker's, once their leases have expired.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_held_is_sent_by_another() {
    let (mut system, receiver, _) = System::builder()
        .env("DELIVERY_TIMEOUT", "2s")
        .start_with_hook()
        .await;
    receiver.then("/hook", vec![Answer::hang(); 3]);
    system.backend().push_batch(&events(&system, 3)).await;
    receiver.wait_for(3).await;
    system.workers[0].kill9();
    system.add_worker();
    let received = receiver.wait_for(6).await;
    let distinct: HashSet<_> = received.iter().map(|request| delivery(request)).collect();
    assert_eq!(distinct.len(), 3);
    for request in &received[3..] {
        assert_eq!(
            request.expect_header("x-rkt-attempt"),
            "1",
            "a lost lease is no failed attempt"
        );
    }
    system.workers.remove(0);
    system.finish().await;
}
