//! Fills the disk of Redis, and frees it: no acknowledged event is missing, and everything goes on.
//!
//! The disk is a small `tmpfs` that is mounted in a namespace of the test's own.
//!
//! Proves (guarantees): the disk of Redis is full, and free again, twice

use e2e::client::Caller;
use e2e::namespaces::{Disk, run_apart};
use e2e::redis_server::RedisServer;
use e2e::wait::{LONG, check, eventually};

use crate::scene::{Scene, blocking, builder, more_accepted, more_refused};

/// What Redis logs when the disk is full.
const ENDS: &str = "Can't recover from AOF write error when the AOF fsync policy is 'always'";

/// The API and the worker say at `/readyz` that they can't work, with a reason, and an event is refused with 503.
async fn says_that_the_store_is_away(scene: &Scene, reason: &str) {
    let worker = format!(
        "http://{}",
        scene.system.workers[0].variable("WORKER_LISTEN").unwrap()
    );
    for base in [scene.system.api_url(), worker] {
        let caller = Caller::new(&base, None);
        eventually(LONG, "503 from /readyz", async || {
            let reply = caller.get("/readyz").await;
            check(reply.status == 503 && reply.text.contains(reason), reply.text)
        })
        .await;
    }
    let event = serde_json::json!({
        "accountId": scene.system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {},
    });
    let refused = scene.system.backend().post("/api/events", &event).await;
    assert_eq!(
        (refused.status, refused.code()),
        (503, "store_unavailable"),
        "{}",
        refused.text
    );
}

/// With `appendfsync always` Redis ends at the first write that it can't store, before it acknowledges it, and again whenever
/// it is started while the disk is full.
#[test]
fn redis_ends_while_the_disk_is_full_and_nothing_is_lost() {
    run_apart(
        &["--mount"],
        "f25_disk_full::redis_ends_while_the_disk_is_full_and_nothing_is_lost",
        async || {
            let disk = Disk::mount(32);
            let redis = RedisServer::start_with(&["--dir", disk.path()]);
            let mut scene = Scene::start(builder().workers(2).on(redis)).await;
            let load = scene.load();
            more_accepted(&load, 150).await;
            for _ in 0..2 {
                disk.fill();
                // Once by the fault, and twice more when its supervisor starts it again.
                for _ in 0..3 {
                    eventually(LONG, "Redis to end", async || {
                        check(!scene.system.redis.is_running(), "it runs")
                    })
                    .await;
                    let log = scene.system.redis.log();
                    assert!(log.contains(ENDS), "{log}");
                    more_refused(&load, 4).await;
                    says_that_the_store_is_away(&scene, "Redis is not available").await;
                    if let Err(reason) = blocking(|| scene.system.redis.try_restart()) {
                        assert!(reason.contains(ENDS), "{reason}");
                    }
                }
                disk.free();
                blocking(|| scene.system.redis.restart());
                more_accepted(&load, 100).await;
            }
            scene.ends_well(load).await;
        },
    );
}

/// With `appendfsync everysec`, which promises less, Redis refuses to write (MISCONF) while the disk is full, and goes on by
/// itself.
#[test]
fn a_redis_that_refuses_writes_goes_on_by_itself() {
    run_apart(
        &["--mount"],
        "f25_disk_full::a_redis_that_refuses_writes_goes_on_by_itself",
        async || {
            let disk = Disk::mount(32);
            let redis = RedisServer::start_with(&["--dir", disk.path(), "--appendfsync", "everysec"]);
            let mut scene = Scene::start(builder().on(redis)).await;
            let load = scene.load();
            more_accepted(&load, 100).await;
            disk.fill();
            more_refused(&load, 20).await;
            says_that_the_store_is_away(&scene, "MISCONF").await;
            assert!(scene.system.redis.is_running());
            disk.free();
            more_accepted(&load, 100).await;
            scene.ends_well(load).await;
        },
    );
}
