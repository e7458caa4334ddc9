//! The primary is killed again and again: what is lost depends on how many replicas a 202 waits for.
//!
//! Proves (guarantees): the primary is killed under load and a replica takes its place, with `ACK_DURABILITY=replicas:N` of all N

use crate::replicated::{Losses, Replicated};

const KILLS: usize = 20;

/// Each time the replica that has read least takes over.
async fn kill_primaries(durability: &str) -> Losses {
    let mut scene = Replicated::start(2, 0, durability).await;
    let losses = scene.lose(KILLS).await;
    println!("{durability} with 2 replicas: {losses:?}");
    scene.system.stop();
    losses
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_all_replicas_have_it() {
    assert_eq!(kill_primaries("replicas:2").await.lost, 0);
}

/// What one of two replicas has can be lost, too, but seldom: that is printed. If nothing were lost where none is waited for, the test
/// above would show nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_fewer_replicas_have_can_be_lost() {
    kill_primaries("replicas:1").await;
    assert!(kill_primaries("aof").await.lost > 0);
}
