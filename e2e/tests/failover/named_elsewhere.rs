//! The sentinels name another primary, while the old one is well and takes it for nothing: it is cut off from them and not from us.
//!
//! Proves (guarantees): a primary that the sentinels have deposed goes on answering

use std::time::Duration;

use e2e::sentinels::NAME;
use e2e::wait::{check, eventually};

use crate::scene::{Group, ask, guests, more_accepted};

/// No call fails and no connection is cut, so only asking the sentinels again shows it: the programs do about once a second.
#[tokio::test(flavor = "multi_thread")]
async fn the_programs_leave_it_by_themselves() {
    let mut group = Group::start().await;
    let load = group.load();
    more_accepted(&load, 100).await;
    let received = group.receiver.received().len();
    let port = group.replica.address().port().to_string();
    for number in 0..3 {
        let _: () = group.sentinels.ask(number, &["SENTINEL", "REMOVE", NAME]);
    }
    // While nobody knows a primary, all stay with the one that they have.
    more_accepted(&load, 50).await;
    let _: () = ask(&group.replica, &["REPLICAOF", "NO", "ONE"]);
    for number in 0..3 {
        let _: () = group
            .sentinels
            .ask(number, &["SENTINEL", "MONITOR", NAME, "127.0.0.1", &port, "2"]);
    }
    group.goes_on(&load).await;
    // Whoever waits there for work is told only when that wait ends, after five seconds.
    eventually(
        Duration::from_secs(20),
        "nobody to be left at the old primary",
        async || {
            let left = guests(&group.replica);
            check(left == 0, format!("{left} connections"))
        },
    )
    .await;
    group.everybody_moved().await;
    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    let duplicates = group.receiver.received().len() - received;
    group.ends(loaded, usize::MAX, duplicates).await;
}
