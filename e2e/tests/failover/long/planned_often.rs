//! The primary changes places with its replica, and back, as an operator asks for it.
//!
//! Proves (guarantees): a failover that is asked for

use e2e::thorough::times;

use crate::planned::fail_over;
use crate::scene::{Group, more_accepted};

/// Again and again, under load: nothing is lost, and nothing comes twice.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_comes_twice() {
    let mut group = Group::start().await;
    let load = group.load();
    for round in 1..=times(2, 4) {
        more_accepted(&load, 100).await;
        fail_over(&mut group, &load).await;
        group.each_counts(round as u64).await;
        group.is_watched().await;
    }
    let loaded = load.stop().await;
    let balance = group.ends(loaded, 0, 0).await;
    assert_eq!(balance.delivered, balance.deliveries);
}
