//! Kills Redis (`kill -9`) with `appendfsync always`, under load: every event that was answered with 202 is there.
//!
//! Proves (guarantees): Redis is killed under load
//! Proves (guarantees): Redis is away, slow, or loses an answer

use crate::scene::{Scene, blocking, builder, more_accepted, more_refused};

/// Redis dies three times while events come and go: no acknowledged event is missing, and none arrives twice, since workers
/// report before they fetch again.
#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_event_survives() {
    let mut scene = Scene::start(builder().workers(2)).await;
    let load = scene.load();
    for _ in 0..3 {
        more_accepted(&load, 150).await;
        blocking(|| scene.system.redis.kill9());
        more_refused(&load, 4).await;
        blocking(|| scene.system.redis.restart());
    }
    more_accepted(&load, 50).await;
    let loaded = load.stop().await;
    scene.assert_all_run();
    scene.all_delivered(loaded, 0).await;
}
