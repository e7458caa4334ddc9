//! Redis `SIGTERM` and restart; `BusyLoading`.
//!
//! Proves (guarantees): Redis is restarted, or loads its data for a while

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::scene::{Scene, blocking, builder, more_accepted, more_refused};

/// Redis is stopped and started as for an upgrade, under load.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_waited_out() {
    let mut scene = Scene::start(builder().workers(2)).await;
    let load = scene.load();
    for _ in 0..2 {
        more_accepted(&load, 100).await;
        blocking(|| scene.system.redis.restart());
    }
    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    scene.assert_all_run();
    scene.all_delivered(loaded, 0).await;
}

/// Redis needs seconds to load its file, and answers `-LOADING` meanwhile: the API says so, nobody ends, and all goes on
/// by itself.
#[tokio::test(flavor = "multi_thread")]
async fn busy_loading_is_waited_out() {
    // Microseconds for each command in the file; Redis answers in between after every 1,024 of them.
    let slow = ["--key-load-delay", "400"];
    let mut scene = Scene::start(builder().redis(&slow)).await;
    let load = scene.load();
    more_accepted(&load, 500).await;
    blocking(|| scene.system.redis.kill9());
    more_refused(&load, 4).await;

    let over = Arc::new(AtomicBool::new(false));
    let watching = Arc::clone(&over);
    let backend = scene.system.backend();
    let watcher = tokio::spawn(async move {
        let mut reasons = BTreeSet::new();
        while !watching.load(Ordering::SeqCst) {
            let ready = backend.get("/readyz").await;
            if ready.status == 503 {
                reasons.insert(ready.body["reasons"].to_string());
            }
        }
        reasons
    });
    blocking(|| scene.system.redis.restart());
    over.store(true, Ordering::SeqCst);
    let reasons = watcher.await.unwrap();
    assert!(
        reasons
            .iter()
            .any(|reason| reason.to_uppercase().contains("LOADING")),
        "/readyz never said that Redis was loading: {reasons:?}"
    );
    more_accepted(&load, 50).await;
    let loaded = load.stop().await;
    scene.assert_all_run();
    scene.all_delivered(loaded, 0).await;
}
