//! A failover that an operator asks the sentinels for.
//!
//! Proves (guarantees): a failover that is asked for

use e2e::load::Load;
use e2e::sentinels::NAME;

use crate::scene::{Group, ask, has_everything, in_step, more_accepted};

/// As docs/operations.md says it: writes pause until the replica has everything, and the sentinels are told.
pub(crate) async fn fail_over(group: &mut Group, load: &Load) {
    let _: () = ask(&group.system.redis, &["CLIENT", "PAUSE", "10000", "WRITE"]);
    has_everything(&group.replica, &group.system.redis).await;
    let _: () = group.sentinels.ask(0, &["SENTINEL", "FAILOVER", NAME]);
    let took = group.goes_on(load).await;
    eprintln!("back {took:?} after the sentinels agreed");
    in_step(&group.replica).await;
    more_accepted(load, 100).await;
    group.everybody_moved().await;
}

/// Nothing is lost, and nothing comes twice.
#[tokio::test(flavor = "multi_thread")]
async fn with_writes_paused_nothing_is_lost_and_nothing_comes_twice() {
    let mut group = Group::start().await;
    let load = group.load();
    more_accepted(&load, 100).await;
    fail_over(&mut group, &load).await;
    group.each_counts(1).await;
    let loaded = load.stop().await;
    let balance = group.ends(loaded, 0, 0).await;
    assert_eq!(balance.delivered, balance.deliveries);
}

/// Without that pause the old primary goes on accepting until it is told. What it accepted then is lost, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_pause_what_the_old_primary_accepted_alone_is_lost() {
    at_once(usize::MAX, &[]).await;
}

/// A primary that must have a replica to write stops accepting as soon as that is promoted: only what is on its way then is lost.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_pause_a_primary_that_must_have_a_replica_stops_by_itself() {
    let settings = ["min-replicas-to-write", "1", "min-replicas-max-lag", "5"];
    at_once(8, &settings).await;
}

/// Asks the sentinels for a failover under load, on servers with these settings.
async fn at_once(lost_at_most: usize, settings: &[&str]) {
    let mut group = Group::start().await;
    for pair in settings.chunks(2) {
        for server in [&group.system.redis, &group.replica] {
            let _: () = ask(server, &[&["CONFIG", "SET"], pair].concat());
        }
    }
    let load = group.load();
    more_accepted(&load, 100).await;
    let received = group.receiver.received().len();
    let _: () = group.sentinels.ask(0, &["SENTINEL", "FAILOVER", NAME]);
    group.goes_on(&load).await;
    in_step(&group.replica).await;
    more_accepted(&load, 100).await;
    group.everybody_moved().await;
    let loaded = load.stop().await;
    let duplicates = group.receiver.received().len() - received;
    group.ends(loaded, lost_at_most, duplicates).await;
}
