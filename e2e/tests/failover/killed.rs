//! The primary is killed under load.
//!
//! Proves (guarantees): the primary is killed under load, and sentinels promote its replica

use e2e::wait::{LONG, check, eventually};

use crate::scene::{Group, ask, in_step, more_accepted};

/// The API refuses with 503 until the sentinels agree, goes on within five seconds from then, and so do the workers; nobody has to do
/// anything. What had been replicated is delivered. The old primary comes back as a replica.
#[tokio::test(flavor = "multi_thread")]
async fn the_programs_go_on_with_the_replica() {
    let mut group = Group::start().await;
    let load = group.load();
    more_accepted(&load, 200).await;
    let received = group.receiver.received().len();
    group.system.redis.kill9();
    group.is_refused().await;
    let took = group.goes_on(&load).await;
    eprintln!("back {took:?} after the sentinels agreed");
    more_accepted(&load, 100).await;
    group.each_counts(1).await;

    // It thinks that it is the primary at first, and nobody goes there.
    tokio::task::block_in_place(|| group.replica.restart());
    in_step(&group.replica).await;
    more_accepted(&load, 50).await;
    group.everybody_moved().await;

    let ready = group.system.backend().get("/readyz").await.expect(200);
    assert!(!ready.text.contains("store_rewound"), "{}", ready.text);
    eventually(LONG, "the log to tell of it", async || {
        let log = group.system.api.log();
        check(log.contains("the sentinels name another primary"), log)
    })
    .await;
    let loaded = load.stop().await;
    let duplicates = group.receiver.received().len() - received;
    group.ends(loaded, usize::MAX, duplicates).await;
}

/// The replica has had no connection to the primary for some seconds when that is killed, so what was accepted meanwhile is gone. The
/// programs say so, count it, and go on; nobody has to accept anything.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_is_told_and_counted() {
    let mut group = Group::start().await;
    let load = group.load();
    more_accepted(&load, 100).await;
    let received = group.receiver.received().len();
    // The primary knows no password, and so refuses whoever has one.
    let _: () = ask(&group.replica, &["CONFIG", "SET", "masterauth", "none"]);
    let _: i64 = ask(&group.system.redis, &["CLIENT", "KILL", "TYPE", "replica"]);
    let writes = group.writes();
    eventually(LONG, "seconds of writing", async || {
        let more = group.writes() - writes;
        check(more >= 9, format!("{more} writes more"))
    })
    .await;
    group.system.redis.kill9();
    group.goes_on(&load).await;
    group.each_counts(1).await;
    eventually(LONG, "the loss to be counted", async || {
        let counted = group.lost_writes().await;
        check(counted > 0, "nothing is counted")
    })
    .await;
    let told = "the new primary lacks what had not been replicated to it";
    let programs = group.system.workers.iter().chain([&group.system.api]);
    assert!(
        programs
            .map(|program| program.log())
            .any(|log| log.contains(told))
    );
    let ready = group.system.backend().get("/readyz").await.expect(200);
    assert!(!ready.text.contains("store_rewound"), "{}", ready.text);
    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    let duplicates = group.receiver.received().len() - received;
    let (_, lost) = group.sort(loaded.accepted.clone());
    assert!(!lost.is_empty(), "nothing was lost");
    group.ends(loaded, usize::MAX, duplicates).await;
}
