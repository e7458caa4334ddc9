//! Stops a worker until its leases have expired, and continues it: the queue fences off its late reports, and it works on.
//! Then one delivery kills five workers: the queue quarantines it and loses nothing, and others flow.
//!
//! Proves (guarantees): a worker is stopped for longer than its leases and goes on
//! Proves (guarantees): one delivery kills every worker that takes it
//! Proves (guarantees): a worker is killed, stopped or restarted

use std::time::Duration;

use e2e::account::Account;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock;
use e2e::state::{connect, key, keys};
use redis::Commands as _;

use crate::scene::builder;
use crate::worker_scene::{PAST_A_LEASE, counter, push, respawn, wait_for_leases, wait_for_metric};

/// The receiver answers while the worker is stopped. Another worker sends the same deliveries again and reports them. When
/// the first one goes on, its reports change nothing, and it works as before.
#[tokio::test(flavor = "multi_thread")]
async fn late_reports_are_fenced_off_and_the_worker_goes_on() {
    let (mut system, receiver, endpoint) = builder().start_with_hook().await;
    receiver.always("/hook", Answer::status(200).held());
    let customer = system.customer();

    let mut pushed = push(&system, "lead.captured", 20).await;
    receiver.wait_for(20).await;
    system.workers[0].stop_signal();
    receiver.open_gate();
    system.add_worker();
    let second = &mut system.workers[1];
    let url = format!("http://{}/readyz", second.variable("WORKER_LISTEN").unwrap());
    second.wait_ready(&url).await;
    redis_clock::pass(&system.redis, PAST_A_LEASE).await;
    receiver.wait_for(40).await;
    wait_for_leases(&system.redis, 0).await;
    assert_eq!(counter(&system.redis, "succeeded"), 20);

    system.workers[0].cont();
    wait_for_metric(&system.workers[0], "webhooks_worker_reports_stale_total", 20.0).await;
    assert_eq!(counter(&system.redis, "succeeded"), 20, "nothing counts twice");
    assert_eq!(counter(&system.redis, "attempts"), 20, "nothing counts twice");
    let seen = customer.endpoint(&endpoint.id).await;
    assert_eq!(seen["consecutiveFailures"], 0, "{seen}");

    // Alone again, it delivers what comes.
    assert!(system.workers.remove(1).terminate().success());
    pushed.extend(push(&system, "lead.captured", 30).await);
    receiver.wait_for(70).await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .duplicates_at_most(20)
        .balance()
        .await;
    assert_eq!((balance.delivered, balance.duplicates), (50, 20));
    system.stop();
}

/// The third lost lease quarantines the delivery: from then on workers try it after growing waits, and deliver everything
/// else in between. When it kills no more, it arrives.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_kills_workers_is_quarantined_and_others_flow() {
    let mut system = builder().start().await;
    let receiver = Receiver::start().await;
    receiver.always("/killer", Answer::status(200).held());
    let customer = system.customer();
    customer
        .create_endpoint(&receiver.url("/killer"), &["lead.captured"])
        .await;
    customer
        .create_endpoint(&receiver.url("/other"), &["ticket.created"])
        .await;

    let mut pushed = push(&system, "lead.captured", 1).await;
    let mut others = 0;
    for round in 1..=5 {
        receiver.wait_for_at("/killer", round).await;
        system.workers[0].kill9();
        respawn(&mut system.workers[0]).await;
        pushed.extend(push(&system, "ticket.created", 10).await);
        others += 10;
        receiver.wait_for_at("/other", others).await;
        wait_for_leases(&system.redis, 1).await;
        redis_clock::pass(&system.redis, PAST_A_LEASE).await;
        assert_eq!(counter(&system.redis, "leasesLost"), round);
        let quarantined: Vec<String> = connect(&system.redis).zrange(key("quarantine"), 0, -1).unwrap();
        assert_eq!(
            quarantined.len(),
            usize::from(round >= 3),
            "after {round} lost leases"
        );
        if let Some(delivery) = quarantined.first() {
            let record = key(&format!("delivery:{delivery}"));
            let (state, lost): (String, usize) = connect(&system.redis)
                .hmget(record, &["state", "lostLeases"])
                .unwrap();
            assert_eq!((state.as_str(), lost), ("quarantined", round));
            // It waits 5 s, 10 s, 20 s; meanwhile others flow.
            pushed.extend(push(&system, "ticket.created", 10).await);
            others += 10;
            receiver.wait_for_at("/other", others).await;
            wait_for_leases(&system.redis, 0).await;
            redis_clock::pass(&system.redis, Duration::from_secs(5 << (round - 3))).await;
        }
    }
    receiver.open_gate();
    receiver.wait_for_at("/killer", 6).await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .duplicates_at_most(5)
        .balance()
        .await;
    assert_eq!((balance.delivered, balance.duplicates), (others + 1, 5));
    system.stop();
}

/// When a delivery kills its worker for the third time, the queue quarantines all that was in flight with it. Innocent
/// deliveries arrive at once. From then on the killer alone takes the blame for each crash, not its neighbours.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_beside_a_quarantined_delivery_counts_against_it_alone() {
    let mut system = builder().start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for (path, event) in [
        ("/killer", "lead.captured"),
        ("/innocent", "ticket.created"),
        ("/neighbour", "ticket.updated"),
    ] {
        receiver.always(path, Answer::status(200).held());
        let endpoint = customer.create_endpoint(&receiver.url(path), &[event]).await;
        system.end_slow_start(&endpoint.id);
    }
    let mut pushed = push(&system, "lead.captured", 1).await;
    pushed.extend(push(&system, "ticket.created", 5).await);
    for round in 1..=3 {
        receiver.wait_for_at("/killer", round).await;
        receiver.wait_for_at("/innocent", 5 * round).await;
        system.workers[0].kill9();
        respawn(&mut system.workers[0]).await;
        redis_clock::pass(&system.redis, PAST_A_LEASE).await;
    }
    let quarantined: usize = connect(&system.redis).zcard(key("quarantine")).unwrap();
    assert_eq!(quarantined, 6);

    receiver.always("/innocent", Answer::status(200));
    redis_clock::pass(&system.redis, Duration::from_secs(5)).await;
    receiver.wait_for_at("/innocent", 20).await;
    let mut neighbours = 0;
    for (round, wait) in [(4, 10), (5, 20)] {
        receiver.wait_for_at("/killer", round).await;
        receiver.always("/neighbour", Answer::status(200).held());
        pushed.extend(push(&system, "ticket.updated", 5).await);
        receiver.wait_for_at("/neighbour", neighbours + 5).await;
        wait_for_leases(&system.redis, 6).await;
        receiver.always("/neighbour", Answer::status(200));
        system.workers[0].kill9();
        respawn(&mut system.workers[0]).await;
        redis_clock::pass(&system.redis, PAST_A_LEASE).await;
        neighbours += 10;
        receiver.wait_for_at("/neighbour", neighbours).await;
        let records = keys(&mut connect(&system.redis), "delivery:*");
        assert_eq!(
            records.len(),
            1,
            "only the killer has lost leases that count: {records:?}"
        );
        let lost: usize = connect(&system.redis).hget(&records[0], "lostLeases").unwrap();
        assert_eq!(lost, round);
        assert_eq!(counter(&system.redis, "leasesExcused"), neighbours / 2);
        redis_clock::pass(&system.redis, Duration::from_secs(wait)).await;
    }
    receiver.open_gate();
    receiver.wait_for_at("/killer", 6).await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .duplicates_at_most(usize::MAX)
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    system.stop();
}
