//! The primary is killed (`kill -9`) under load, and a replica is promoted, while the API waits for all replicas.
//!
//! Proves (guarantees): the primary is killed under load and a replica takes its place, with `ACK_DURABILITY=replicas:N` of all N

use e2e::account::Account;

use crate::replicated::Replicated;
use crate::scene::more_accepted;

/// Every event that was answered with 202 is delivered, those that were refused as not replicated and found by their keys included.
#[tokio::test(flavor = "multi_thread")]
async fn what_all_replicas_had_is_delivered_by_the_next_primary() {
    let mut scene = Replicated::start(1, 2, "replicas:1").await;
    let load = scene.load("load");
    more_accepted(&load, 200).await;
    scene.fail_over().await;
    more_accepted(&load, 200).await;
    let loaded = load.stop().await;
    let mut system = scene.system;
    for process in system.workers.iter_mut().chain([&mut system.api]) {
        assert!(process.is_running(), "ended:\n{}", process.log());
    }
    // What the old primary alone knew to be delivered comes again; what it alone had accepted was answered to nobody, and may have
    // been delivered all the same.
    let received = scene.receiver.received().len();
    let balance = Account::of(&system)
        .at(&scene.receiver)
        .accepted(loaded.accepted)
        .duplicates_at_most(received)
        .unacknowledged_at_most(64)
        .balance()
        .await;
    assert!(balance.delivered >= balance.deliveries);
    assert_eq!((balance.exhausted, balance.parked, balance.canceled), (0, 0, 0));
    system.stop();
}
