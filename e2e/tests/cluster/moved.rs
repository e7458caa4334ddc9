//! The shard's slot moves to another node under load.
//!
//! Proves (guarantees): a shard's hash slot moves to another node of the cluster under load

use e2e::cluster::{begin_to_move, end_to_move, migrate, slot};

use crate::scene::{Group, more_accepted};

/// In one step (`CLUSTER MIGRATESLOTS`), to a node that is new: nothing is lost, nothing comes twice, and it is no failover. The
/// functions, which don't move with the slot, are loaded there.
#[tokio::test(flavor = "multi_thread")]
async fn in_one_step_to_a_new_node() {
    let mut group = Group::start().await;
    let load = group.load().await;
    tokio::task::block_in_place(|| {
        group.cluster.add();
        let new = group.cluster.nodes.last().expect("the new one");
        migrate(slot(), &group.system.redis, new);
    });
    group.goes_on(&load).await;
    group.each_counts(0).await;
    let loaded = load.stop().await;
    group.ends(loaded, 0).await;
}

/// Key by key, as all other servers do it: events get 503 from its beginning to its end, since half a shard is none.
#[tokio::test(flavor = "multi_thread")]
async fn key_by_key_nothing_is_accepted_meanwhile() {
    let mut group = Group::start().await;
    let load = group.load().await;
    let other = group.cluster.another_primary().address();
    let to = |group: &Group| {
        let nodes = group.cluster.nodes.iter();
        nodes
            .into_iter()
            .position(|node| node.address() == other)
            .unwrap()
    };
    tokio::task::block_in_place(|| {
        begin_to_move(slot(), &group.system.redis, &group.cluster.nodes[to(&group)]);
    });
    group.is_refused().await;
    tokio::task::block_in_place(|| {
        end_to_move(slot(), &group.system.redis, &group.cluster.nodes[to(&group)]);
    });
    group.goes_on(&load).await;
    more_accepted(&load, 50).await;
    group.each_counts(0).await;
    let loaded = load.stop().await;
    group.ends(loaded, 0).await;
}
