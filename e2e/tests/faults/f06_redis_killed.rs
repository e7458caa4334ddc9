//! `kill -9` Redis with `appendfsync always`, under load: all 202s present.
//!
//! Proves (guarantees): Redis is killed under load

use crate::scene::{Scene, blocking, builder, more_accepted, more_refused};

/// Redis is killed three times while events are pushed and delivered: nothing that was acknowledged is missing, and
/// nothing comes twice, since workers report before they fetch again.
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
