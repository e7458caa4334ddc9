//! The replica is 20 ms away when the primary's machine dies, with all that is on its way: what does asynchronous replication lose?
//!
//! Proves (guarantees): the primary dies with what is on its way to a replica

use std::time::{Duration, Instant};

use e2e::distance::Distance;
use e2e::load::{Load, Loaded, Shape};
use e2e::sentinels::NAME;
use e2e::thorough::times;

use crate::scene::{Group, ask, in_step, more_accepted};

const AWAY: Duration = Duration::from_millis(20);
const CALLERS: usize = 32;

/// What is lost is what was acknowledged while it was on its way, and nothing else. Prints what each kill lost.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_on_its_way_is_lost_and_nothing_else() {
    let kills = times(2, 10);
    let slower = format!("sentinel down-after-milliseconds {NAME} 2500");
    let mut group = Group::start_with(&[&slower]).await;
    let (mut all, mut losses) = (Loaded::default(), Vec::new());
    for kill in 1..=kills {
        // Sentinels that look often would soon lead the replica past the distance.
        every(&group, "5000");
        let distance = Distance::start(group.system.redis.address(), AWAY).await;
        let port = distance.address().port().to_string();
        let _: () = ask(&group.replica, &["REPLICAOF", "127.0.0.1", &port]);
        in_step(&group.replica).await;
        let shape = Shape {
            callers: CALLERS,
            pause: Duration::from_millis(2),
            ..Shape::gentle(group.system.account())
        };
        let began = Instant::now();
        let load = Load::start_as(&group.system, &format!("kill-{kill}"), &shape);
        more_accepted(&load, 500).await;
        let pace = 500.0 / began.elapsed().as_secs_f64();
        let role: Vec<redis::Value> = ask(&group.replica, &["ROLE"]);
        let told: u16 = redis::from_redis_value(role[2].clone()).unwrap();
        assert_eq!(
            told,
            distance.address().port(),
            "the replica is no longer far away"
        );
        group.system.redis.kill9();
        drop(distance);
        every(&group, "200");
        group.goes_on(&load).await;
        let loaded = load.stop().await;
        group.killed_comes_back().await;
        let (kept, lost) = group.sort(loaded.accepted);
        losses.push((lost.len(), pace.round()));
        all.extend(Loaded {
            accepted: kept,
            ..loaded
        });
    }
    let lost: usize = losses.iter().map(|one| one.0).sum();
    eprintln!("{lost} events are lost in {kills} kills (lost, events in a second): {losses:?}");
    // Far from all, and far above what is on its way: a busy machine adds to the distance, half a second at worst.
    for (lost, pace) in losses {
        let most = 25.0 * AWAY.as_secs_f64() * pace + f64::from(u8::try_from(CALLERS).unwrap());
        assert!(
            f64::from(u32::try_from(lost).unwrap()) < most,
            "{lost} of {pace}/s"
        );
    }
    let again = all.accepted.len();
    let others = lost + CALLERS * kills;
    group.accounts_for(all.accepted, others, again).await;
}

/// How often the sentinels tell each other and the servers what they know, in ms.
fn every(group: &Group, period: &str) {
    for number in 0..3 {
        let _: () = group
            .sentinels
            .ask(number, &["SENTINEL", "DEBUG", "PUBLISH-PERIOD", period]);
    }
}
