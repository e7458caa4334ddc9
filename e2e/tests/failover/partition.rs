//! The primary stops answering, and comes back when another one has been promoted.
//!
//! Proves (guarantees): the primary hangs until sentinels have promoted its replica

use crate::scene::{Group, in_step, more_accepted};

/// Connections to a server that hangs stay open, and so does what was sent on them: it is executed when the server goes on, for
/// nobody. The sentinels make it a replica, and nobody writes there.
#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_comes_back_is_a_replica_that_nobody_writes_to() {
    let mut group = Group::start().await;
    let load = group.load();
    more_accepted(&load, 200).await;
    let received = group.receiver.received().len();
    group.system.redis.stop_signal();
    group.is_refused().await;
    let took = group.goes_on(&load).await;
    eprintln!("back {took:?} after the sentinels agreed");
    more_accepted(&load, 100).await;
    group.replica.cont();
    more_accepted(&load, 100).await;
    in_step(&group.replica).await;
    group.everybody_moved().await;
    more_accepted(&load, 100).await;
    group.each_counts(1).await;
    let loaded = load.stop().await;
    let duplicates = group.receiver.received().len() - received;
    group.ends(loaded, usize::MAX, duplicates).await;
}
