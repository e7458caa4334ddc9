//! Terminates workers under load: they lose nothing, and end in bounded time.
//!
//! Proves (guarantees): workers are terminated under load, or restarted one after the other
//! Proves (guarantees): a worker is killed, stopped or restarted

use std::time::{Duration, Instant};

use e2e::account::Account;
use e2e::load::{Load, Shape};
use e2e::receiver::{Answer, Receiver};
use e2e::state::{connect, key};
use redis::Commands as _;

use crate::scene::{builder, more_accepted};
use crate::worker_scene::{counter, leases, respawn};

/// `DELIVERY_TIMEOUT` in this test. A worker is meant to end two seconds after it at the latest …
const TIMEOUT: Duration = Duration::from_secs(2);

/// … and has this much more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(8);

/// The only worker gets SIGTERM in the middle of the load, four times. Each time it finishes what it has begun, gives
/// back the rest, and leaves nothing leased. Nothing comes twice, not even from receivers that never answer: their attempts
/// end by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_nothing_comes_twice_and_nothing_stays_leased() {
    let mut system = builder().worker_env("DELIVERY_TIMEOUT", "2s").start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for path in ["/quick", "/slower", "/hangs"] {
        customer.create_endpoint(&receiver.url(path), &["*"]).await;
    }
    receiver.always("/slower", Answer::status(200).after(Duration::from_millis(300)));
    receiver.always("/hangs", Answer::hang());
    let load = Load::start(&system, &Shape::gentle(system.account()));
    for _ in 0..4 {
        more_accepted(&load, 100).await;
        let started = Instant::now();
        let status = tokio::task::block_in_place(|| system.workers[0].terminate());
        let took = started.elapsed();
        assert!(status.success(), "{status}:\n{}", system.workers[0].log());
        assert!(took < TIMEOUT + PATIENCE, "it took {took:?}");
        assert_eq!(leases(&system.redis), 0);
        let tokens: usize = connect(&system.redis).hlen(key("tokens")).unwrap();
        assert_eq!(tokens, 0);
        respawn(&mut system.workers[0]).await;
    }
    let loaded = load.stop().await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(loaded.accepted)
        .balance()
        .await;
    // The one that hangs was disabled on the way, and what it would have got is parked.
    assert_eq!(balance.delivered + balance.parked, balance.deliveries);
    assert!(balance.parked > 0);
    assert_eq!(counter(&system.redis, "leasesLost"), 0);
    let log = system.workers[0].log();
    assert!(!log.contains("before everything was recorded"), "{log}");
    system.stop();
}

/// Two workers are restarted one after the other, again and again, as an upgrade does it: callers and receivers notice
/// nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_nothing() {
    let mut system = builder().workers(2).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for path in ["/quick", "/slower"] {
        customer.create_endpoint(&receiver.url(path), &["*"]).await;
    }
    receiver.always("/slower", Answer::status(200).after(Duration::from_millis(100)));
    let load = Load::start(&system, &Shape::gentle(system.account()));
    for round in 0..6 {
        more_accepted(&load, 50).await;
        let worker = &mut system.workers[round % 2];
        let status = tokio::task::block_in_place(|| worker.terminate());
        assert!(status.success(), "{status}:\n{}", worker.log());
        respawn(worker).await;
    }
    let loaded = load.stop().await;
    assert_eq!(loaded.refusals(), 0, "{:?}", loaded.refused);
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(loaded.accepted)
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    assert_eq!(counter(&system.redis, "leasesLost"), 0);
    system.stop();
}
