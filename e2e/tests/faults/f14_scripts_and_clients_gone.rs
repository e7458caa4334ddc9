//! Flushes all scripts, and kills all clients.
//!
//! Proves (guarantees): scripts are flushed and clients killed

use std::time::Duration;

use crate::scene::{Scene, builder, more_accepted};

/// Redis forgets every script and drops every connection, thirty times in a row, under load.
#[tokio::test(flavor = "multi_thread")]
async fn scripts_and_connections_come_back() {
    let mut scene = Scene::start(builder().workers(2)).await;
    let load = scene.load();
    more_accepted(&load, 20).await;
    for round in 0..30 {
        scene.redis::<()>(&["SCRIPT", "FLUSH"]);
        scene.redis::<()>(&["FUNCTION", "FLUSH"]);
        if round % 2 == 0 {
            let killed: i64 = scene.redis(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
            assert!(killed > 0, "there was no connection");
        }
        // The moment doesn't matter: what follows waits for the load.
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    scene.assert_all_run();
    scene.all_delivered(loaded, 0).await;
}
