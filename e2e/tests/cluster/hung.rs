//! The primary that serves the slot hangs: its connections stay open, and nothing answers.
//!
//! Proves (guarantees): the primary of a cluster hangs until its replica was promoted

use crate::scene::{Group, more_accepted};

/// The programs find the replica by the others, since no answer tells them where to go. The old primary has missed all that, and becomes a
/// replica before it could accept anything.
#[tokio::test(flavor = "multi_thread")]
async fn the_programs_leave_it_for_the_replica() {
    let mut group = Group::start().await;
    let load = group.load().await;
    group.system.redis.stop_signal();
    let hung = group.system.redis.address();
    group.goes_on(&load).await;
    group.each_counts(1).await;
    let node = group.cluster.nodes.iter().find(|node| node.address() == hung);
    node.expect("the one that hung").cont();
    tokio::task::block_in_place(|| group.cluster.is_well());
    more_accepted(&load, 50).await;
    group.everybody_is_here().await;
    let loaded = load.stop().await;
    group.ends(loaded, usize::MAX).await;
}
