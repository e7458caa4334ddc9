//! The primary that serves the slot is killed under load.
//!
//! Proves (guarantees): the primary of a cluster that serves the shard is killed under load

use e2e::wait::{LONG, check, eventually};

use crate::scene::{Group, more_accepted};

/// Events get 503 until the cluster has promoted the replica, and are accepted within five seconds from then; nobody has to do anything.
/// The old primary comes back as a replica, and nobody works there.
#[tokio::test(flavor = "multi_thread")]
async fn the_programs_go_on_with_the_replica() {
    let mut group = Group::start().await;
    let load = group.load().await;
    group.system.redis.kill9();
    group.is_refused().await;
    group.goes_on(&load).await;
    group.each_counts(1).await;

    tokio::task::block_in_place(|| group.cluster.killed_come_back());
    more_accepted(&load, 50).await;
    group.everybody_is_here().await;
    eventually(LONG, "the log to tell of it", async || {
        let log = group.system.api.log();
        check(log.contains("the cluster promoted a replica"), log)
    })
    .await;
    let loaded = load.stop().await;
    group.ends(loaded, usize::MAX).await;
}

/// What is acknowledged only once the replica has it is there when that was promoted.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_replica_has_confirmed_is_not_lost() {
    let mut group = Group::start_with(&[("ACK_DURABILITY", "replicas:1")]).await;
    let load = group.load().await;
    group.system.redis.kill9();
    tokio::task::block_in_place(|| {
        group
            .cluster
            .exchange(e2e::cluster::slot(), &mut group.system.redis);
        // Nothing is acknowledged until there is a replica again.
        group.cluster.killed_come_back();
    });
    more_accepted(&load, 100).await;
    group.everybody_is_here().await;
    let loaded = load.stop().await;
    let accepted = loaded.accepted.len();
    let balance = group.ends(loaded, usize::MAX).await;
    assert_eq!(balance.accepted, accepted, "some that were acknowledged are lost");
}
