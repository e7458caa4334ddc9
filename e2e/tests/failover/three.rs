//! Three servers, as operations recommend: the primary must have a replica to write, and has one left when another server dies.
//!
//! Proves (guarantees): the primary of three servers is killed

use e2e::redis_server::RedisServer;
use e2e::sentinels::NAME;
use e2e::wait::{LONG, check, eventually};

use crate::scene::{Group, ask, in_step, more_accepted};

/// The sentinels promote either replica, and the other one follows it, so that events are accepted again within the same five seconds
/// although a primary without a replica refuses them.
#[tokio::test(flavor = "multi_thread")]
async fn one_replica_is_promoted_and_the_other_one_follows_it() {
    let mut group = Group::start().await;
    let primary = group.system.redis.address().port();
    let mut third =
        tokio::task::block_in_place(|| RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]));
    third.follow(&group.system.redis).await;
    eventually(LONG, "the sentinels to know both replicas", async || {
        for number in 0..3 {
            let known: Vec<redis::Value> = group.sentinels.ask(number, &["SENTINEL", "REPLICAS", NAME]);
            check(
                known.len() == 2,
                format!("sentinel {number} knows {}", known.len()),
            )?;
        }
        Ok(())
    })
    .await;
    for server in [&group.system.redis, &group.replica, &third] {
        let _: () = ask(
            server,
            &[
                "CONFIG",
                "SET",
                "min-replicas-to-write",
                "1",
                "min-replicas-max-lag",
                "5",
            ],
        );
    }
    let load = group.load();
    more_accepted(&load, 200).await;
    let received = group.receiver.received().len();
    group.system.redis.kill9();
    group.is_refused().await;
    let promoted = eventually(LONG, "a replica to be promoted", async || {
        let named = group.sentinels.primary(0);
        check(named != primary, "the old one is named")?;
        Ok(named)
    })
    .await;
    if promoted != group.replica.address().port() {
        std::mem::swap(&mut group.replica, &mut third);
    }
    let took = group.goes_on(&load).await;
    eprintln!("back {took:?} after the sentinels agreed");
    in_step(&third).await;
    more_accepted(&load, 100).await;
    group.each_counts(1).await;
    let loaded = load.stop().await;
    let duplicates = group.receiver.received().len() - received;
    group.ends(loaded, usize::MAX, duplicates).await;
}
