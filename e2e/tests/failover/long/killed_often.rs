//! Whoever is the primary is killed, again and again, under load: what does asynchronous replication lose?
//!
//! Proves (guarantees): the primary is killed several times in a row

use std::time::Duration;

use e2e::load::{Load, Loaded, Shape};
use e2e::sentinels::NAME;
use e2e::thorough::times;

use crate::scene::{Group, more_accepted};

/// So many callers that something is under way at each kill, and not so many that a slow machine seems to be dead.
fn shape(account: &str) -> Shape {
    Shape {
        callers: CALLERS,
        pause: Duration::from_millis(2),
        ..Shape::gentle(account)
    }
}

const CALLERS: usize = 32;

/// Each time the other one takes over, and the killed one comes back as its replica. Prints what each kill lost.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_replicated_is_delivered_and_the_rest_is_counted() {
    let kills = times(3, 20);
    let slower = format!("sentinel down-after-milliseconds {NAME} 2500");
    let mut group = Group::start_with(&[&slower]).await;
    let (mut all, mut slowest, mut losses) = (Loaded::default(), Duration::ZERO, Vec::new());
    for kill in 1..=kills {
        let name = format!("kill-{kill}");
        let load = Load::start_as(&group.system, &name, &shape(group.system.account()));
        more_accepted(&load, 1500).await;
        group.system.redis.kill9();
        slowest = slowest.max(group.goes_on(&load).await);
        let loaded = load.stop().await;
        group.killed_comes_back().await;
        let (kept, lost) = group.sort(loaded.accepted);
        losses.push((lost.len(), kept.len() + lost.len()));
        all.extend(Loaded {
            accepted: kept,
            ..loaded
        });
    }
    group.each_counts(kills as u64).await;
    let (lost, acknowledged) = losses
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    eprintln!("{lost} of {acknowledged} acknowledged events are lost in {kills} kills: {losses:?}");
    eprintln!(
        "the slowest was back {slowest:?} after the sentinels agreed; the programs counted {} lost writes",
        group.lost_writes().await
    );
    let again = all.accepted.len();
    group
        .accounts_for(all.accepted, lost + CALLERS * losses.len(), again)
        .await;
}
