//! 100,000 parked deliveries released, discarded or removed at once, while others are served without a pause.
//!
//! Proves (guarantees): 20,000 retries are due in one instant; 100,000 parked deliveries are released, discarded or removed at once

use std::time::{Duration, Instant};

use e2e::account::Account;
use e2e::receiver::Receiver;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::f15_storms::{Bystander, accept_many, report, slowest_script, watch_scripts};
use crate::scene::{ask, builder, store};

/// Three endpoints with 100,000 parked deliveries each: one is released, one discards, one is removed, in the same moment;
/// then the released one, with most of it still waiting, is switched off and discards the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_parked_deliveries() {
    const COUNT: usize = 100_000;
    let mut system = builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer_of("org_storm");
    let mut endpoints = Vec::new();
    for path in ["/released", "/discarding", "/removed"] {
        endpoints.push(customer.create_endpoint(&receiver.url(path), &["*"]).await.id);
    }
    let [released, discarding, removed] = endpoints.try_into().unwrap();
    let pushed = accept_many(&store(&system.redis), COUNT).await;
    let switch = async |id: &str, active: bool, parked: &str| {
        let patch = json!({"id": id, "active": active, "parked": parked});
        let asked = Instant::now();
        let reply = customer.patch("/api/webhooks-config", &patch).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        asked.elapsed()
    };
    for id in [&released, &discarding, &removed] {
        switch(id, false, "deliver").await;
    }

    system.add_worker();
    system.wait_ready().await;
    let bystander = Bystander::begin(&system).await;
    watch_scripts(&system.redis);
    let began = Instant::now();
    let mut calls = vec![
        switch(&released, true, "deliver").await,
        switch(&discarding, true, "discard").await,
    ];
    let asked = Instant::now();
    customer.remove_endpoint(&removed).await;
    calls.push(asked.elapsed());
    receiver.wait_for_at("/released", 5000).await;
    switch(&released, false, "deliver").await;
    calls.push(switch(&released, true, "discard").await);
    eventually(2 * LONG, "everything to be swept", async || {
        let sweeps: u64 = ask(&system.redis, &["EXISTS", "wh:{0}:sweeps"]);
        check(sweeps == 0, "there are sweeps")
    })
    .await;
    let took = began.elapsed();
    let (bystanders, served) = bystander.end().await;
    eprintln!("the calls took {calls:?}");
    report(
        "3 × 100,000 parked deliveries",
        took,
        &served,
        slowest_script(&system.redis),
    );
    assert!(
        calls.iter().all(|took| *took < Duration::from_secs(5)),
        "{calls:?}"
    );
    let balance = Account::of(&system)
        .at(&receiver)
        .at(&bystanders)
        .accepted(pushed)
        .accepted(served.loaded.accepted)
        .balance()
        .await;
    assert!(balance.canceled >= 2 * COUNT, "{balance:?}");
    system.stop();
}
