//! The primary is killed again and again: what is lost depends on how many replicas a 202 waits for.
//!
//! Proves (guarantees): the primary is killed under load and a replica takes its place, with `ACK_DURABILITY=replicas:N` of all N

use e2e::thorough::times;

use crate::replicated::{Losses, Replicated};

/// Each time the replica that has read least takes over.
async fn kill_primaries(kills: usize, durability: &str, is_enough: impl Fn(&Losses) -> bool) -> Losses {
    let mut scene = Replicated::start(2, 0, durability).await;
    let losses = scene.lose(kills, is_enough).await;
    scene.system.stop();
    losses
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_all_replicas_have_it() {
    let losses = kill_primaries(times(6, 20), "replicas:2", |_| false).await;
    println!("replicas:2 of 2: {losses:?}");
    assert_eq!(losses.lost, 0);
}

/// If nothing were lost where none is waited for, the test above would show nothing. About every second kill loses something, and one is
/// enough.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_replica_is_waited_for_is_lost() {
    let losses = kill_primaries(20, "aof", |losses| losses.lost > 0).await;
    println!("aof: {losses:?}");
    assert!(losses.lost > 0);
}
