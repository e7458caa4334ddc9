//! The primary is killed again and again: what is lost depends on how many replicas a 202 waits for.
//!
//! Proves (guarantees): the primary is killed under load and a replica takes its place, with `ACK_DURABILITY=replicas:N` of all N

use crate::replicated::{Losses, Replicated};

const KILLS: usize = 20;

/// Each time the replica that has read least takes over.
async fn kill_primaries(durability: &str) -> Losses {
    let mut scene = Replicated::start(2, 0, durability).await;
    let losses = scene.lose(KILLS).await;
    scene.system.stop();
    losses
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_all_replicas_have_it() {
    let losses = kill_primaries("replicas:2").await;
    println!("replicas:2 of 2: {losses:?}");
    assert_eq!(losses.lost, 0);
}

/// What one of two replicas has can be lost, too, but seldom: that is printed. If nothing were lost where none is waited for, the test
/// above would show nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_fewer_replicas_have_can_be_lost() {
    let (one, none) = (kill_primaries("replicas:1").await, kill_primaries("aof").await);
    println!("replicas:1 of 2: {one:?}\naof: {none:?}");
    assert!(none.lost > 0);
}
