//! Receivers with few workers.
//!
//! Proves (guarantees): a receiver has few workers
//! Proves (guarantees): more arrives at once than a receiver with few workers carries

use std::collections::HashSet;
use std::time::Duration;

use e2e::fault_proxy::{Fault, FaultProxy};
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use serde_json::json;

/// One worker that is busy with each request for a twentieth of what an attempt may take: with as many in flight as an endpoint may
/// have at most, twelve of 32 would time out. One receiver is near, one 40 ms away.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_does_not_drown_a_single_worker() {
    let system = System::builder().env("DELIVERY_TIMEOUT", "4s").start().await;
    let mut receivers = vec![];
    for path in ["/near", "/far"] {
        let receiver = Receiver::start().await;
        receiver.has_workers(1);
        receiver.always(path, Answer::status(200).after(Duration::from_millis(200)));
        receivers.push((path, receiver));
    }
    let distance = FaultProxy::start(receivers[1].1.address()).await;
    distance.set(Fault::Delay(Duration::from_millis(20)));
    let urls = [
        receivers[0].1.url("/near"),
        format!("http://{}/far", distance.address()),
    ];
    let customer = system.customer();
    let mut ids = vec![];
    for url in &urls {
        ids.push(customer.create_endpoint(url, &["*"]).await.id);
    }
    for _ in 0..60 {
        system
            .backend()
            .push(system.account(), "session.created", json!({}))
            .await;
    }
    for ((path, receiver), id) in receivers.iter().zip(&ids) {
        let requests = receiver.wait_for_at(path, 60).await;
        let distinct: HashSet<_> = requests
            .iter()
            .map(|request| request.expect_header("x-rkt-delivery"))
            .collect();
        assert_eq!((requests.len(), distinct.len()), (60, 60), "{path}");
        assert!(receiver.most_open() <= 8, "{path}: {}", receiver.most_open());
        let endpoint = system
            .wait_for_endpoint(id, "all to be delivered", |endpoint| {
                endpoint["queueDepth"] == 0 && endpoint["health"]["queue"]["inFlight"] == 0
            })
            .await;
        assert_eq!(
            (&endpoint["active"], &endpoint["consecutiveFailures"]),
            (&json!(true), &json!(0)),
            "{endpoint}"
        );
    }
    system.finish().await;
}
