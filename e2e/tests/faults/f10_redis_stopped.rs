//! Stops Redis (`SIGSTOP`) for 5 s: the API answers in bounded time, and no worker ends.
//!
//! Proves (guarantees): Redis hangs
//! Proves (guarantees): Redis is away, slow, or loses an answer

use std::time::{Duration, Instant};

use crate::scene::{Scene, builder, more_accepted};

/// Redis hangs for five seconds with all its connections open, then goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_redis_bounds_every_answer() {
    let mut scene = Scene::start(builder().workers(2)).await;
    let load = scene.load();
    more_accepted(&load, 100).await;
    scene.system.redis.stop_signal();
    let stopped = Instant::now();
    while stopped.elapsed() < Duration::from_secs(5) {
        scene.assert_all_run();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(load.refused() > 0, "no event was refused");
    scene.system.redis.cont();
    more_accepted(&load, 100).await;
    scene.ends_well(load).await;
}
