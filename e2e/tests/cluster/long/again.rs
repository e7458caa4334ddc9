//! The shard's node is killed, and its slot moves, again and again, under load.
//!
//! Proves (guarantees): the primary of a cluster is killed, and the slot moved, again and again

use e2e::cluster::{ask, migrate, slot};

use crate::scene::Group;

const ROUNDS: u64 = 4;

/// Each time another node serves the slot in the end.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_its_node_the_shard_goes_on() {
    let mut group = Group::start().await;
    let load = group.load().await;
    for _ in 0..ROUNDS {
        group.system.redis.kill9();
        group.goes_on(&load).await;
        tokio::task::block_in_place(|| {
            group.cluster.killed_come_back();
            migrate(slot(), &group.system.redis, group.cluster.another_primary());
        });
        group.goes_on(&load).await;
        tokio::task::block_in_place(|| {
            let replica = group.cluster.replica_of(&group.system.redis);
            let _: () = ask(replica, &["CLUSTER", "FAILOVER"]);
        });
        group.goes_on(&load).await;
    }
    group.each_counts(2 * ROUNDS).await;
    let loaded = load.stop().await;
    group.ends(loaded, usize::MAX).await;
}
