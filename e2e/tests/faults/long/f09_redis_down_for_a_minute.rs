//! Ends Redis for a minute: the API answers 503 within 2 s, `/readyz` says why, and workers wait and go on.
//!
//! Proves (guarantees): Redis is away for a minute

use std::time::{Duration, Instant};

use e2e::client::Caller;
use e2e::wait::{LONG, check, eventually};

use crate::scene::{ANSWERS_WITHIN, Scene, blocking, builder, more_accepted};

/// A worker's `/readyz`.
async fn worker_readiness(scene: &Scene) -> e2e::client::Reply {
    let address = scene.system.workers[0].variable("WORKER_LISTEN").unwrap();
    Caller::new(&format!("http://{address}"), None)
        .get("/readyz")
        .await
}

/// Redis is ended under load and comes back a minute later.
#[tokio::test(flavor = "multi_thread")]
async fn a_minute_without_redis() {
    let mut scene = Scene::start(builder().workers(2)).await;
    let load = scene.load();
    more_accepted(&load, 200).await;
    blocking(|| scene.system.redis.terminate());
    let down = Instant::now();
    let backend = scene.system.backend();
    eventually(LONG, "the outage to be noticed", async || {
        let (api, worker) = (backend.get("/readyz").await, worker_readiness(&scene).await);
        let both = format!("{} {}", api.text, worker.text);
        check(api.status == 503 && worker.status == 503, both)
    })
    .await;
    while down.elapsed() < Duration::from_secs(60) {
        let asked = Instant::now();
        let refused = backend.get("/readyz").await;
        assert!(asked.elapsed() < ANSWERS_WITHIN, "{:?}", asked.elapsed());
        assert_eq!(refused.status, 503, "{}", refused.text);
        assert!(
            refused.body["reasons"][0].as_str().unwrap().contains("Redis"),
            "{}",
            refused.text
        );
        let worker = worker_readiness(&scene).await;
        assert_eq!(worker.status, 503, "{}", worker.text);
        assert!(worker.text.contains("Redis"), "{}", worker.text);
        scene.assert_all_run();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    blocking(|| scene.system.redis.restart());
    more_accepted(&load, 200).await;
    let loaded = load.stop().await;
    assert!(
        loaded.slowest < ANSWERS_WITHIN,
        "an answer took {:?}",
        loaded.slowest
    );
    assert!(
        loaded.refused.get(&503).is_some_and(|count| *count > 50),
        "{:?}",
        loaded.refused
    );
    scene.system.wait_ready().await;
    scene.assert_all_run();
    // The log reports an outage once when it begins and once when it ends, not at every try. (Attempts have their own lines.)
    let log = scene.system.workers[0].log();
    let others = log.lines().filter(|line| !line.contains(" delivery=")).count();
    assert!(others < 100, "{others} lines:\n{log}");
    scene.all_delivered(loaded, 0).await;
}
