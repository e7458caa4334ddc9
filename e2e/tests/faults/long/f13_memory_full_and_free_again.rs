//! 13. Redis at `maxmemory`: 503 for new events, the queue drains, then normal.

use e2e::load::Loaded;
use e2e::wait::{LONG, check, eventually};

use crate::f13_memory_full::{fill, limit_memory};
use crate::scene::{Scene, builder};

/// With nothing done by hand: payloads of what was delivered go after `RETENTION_SUCCEEDED` (a minute at least), and then
/// events are accepted again.
#[tokio::test(flavor = "multi_thread")]
async fn memory_comes_back_by_itself() {
    let mut scene = Scene::start(builder().env("RETENTION_SUCCEEDED", "1s")).await;
    let (backend, account) = (scene.system.backend(), scene.system.account());
    limit_memory(&scene, 8 << 20);
    let (mut accepted, refusal) = fill(&backend, account).await;
    assert_eq!(refusal.code(), "store_full", "{}", refusal.text);
    eventually(2 * LONG, "room for events", async || {
        let (more, _) = fill(&backend, account).await;
        let count = more.len();
        accepted.extend(more);
        check(count > 20, format!("{count} accepted"))
    })
    .await;
    // The account needs nothing of the payloads that are gone.
    scene.assert_all_run();
    let loaded = Loaded {
        accepted,
        ..Loaded::default()
    };
    scene.all_delivered(loaded, 0).await;
}
