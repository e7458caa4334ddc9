//! The primary is killed again and again: what is lost depends on how many replicas a 202 waits for.
//!
//! Proves (guarantees): the primary is killed under load and a replica takes its place, with `ACK_DURABILITY=replicas:N` of all N

use crate::replicated::Replicated;

const KILLS: usize = 20;

/// Nothing that was acknowledged is lost while all replicas have it. With fewer it may be, and is counted: each time the replica
/// that has read least takes over.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_primaries_are_killed() {
    let mut all = Replicated::start(2, 0, "replicas:2").await;
    let losses = all.lose(KILLS).await;
    println!("replicas:2 of 2: {losses:?}");
    assert_eq!(losses.lost, 0, "{losses:?}");
    all.system.stop();
    for durability in ["replicas:1", "aof"] {
        let mut some = Replicated::start(2, 0, durability).await;
        let losses = some.lose(KILLS).await;
        println!("{durability} with 2: {losses:?}");
        // Else this test would see nothing, whatever was lost.
        assert!(losses.lost > 0, "{losses:?}");
        some.system.stop();
    }
}
