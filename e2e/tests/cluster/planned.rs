//! A failover that an operator asks the cluster for.
//!
//! Proves (guarantees): `CLUSTER FAILOVER` under load

use e2e::cluster::ask;

use crate::scene::Group;

/// The primary stops writing until its replica has everything: nothing is lost, and nothing comes twice.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_comes_twice() {
    let mut group = Group::start().await;
    let load = group.load().await;
    tokio::task::block_in_place(|| {
        let replica = group.cluster.replica_of(&group.system.redis);
        let _: () = ask(replica, &["CLUSTER", "FAILOVER"]);
    });
    group.goes_on(&load).await;
    group.each_counts(1).await;
    let loaded = load.stop().await;
    group.ends(loaded, 0).await;
}
